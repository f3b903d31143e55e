package dialect

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// rendered compiles and checks a body, as loading does, and makes it.
func rendered(tb testing.TB, text string, in *Delivery) string {
	tb.Helper()
	t, err := compile(text)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := t.checkJSON(text); err != nil {
		tb.Fatal(err)
	}
	d := &Dialect{body: t}
	return string(d.AppendBody(nil, in))
}

func TestPlaceholders(t *testing.T) {
	t.Parallel()
	traced := testDelivery()
	traced.TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	odd := testDelivery()
	odd.Event = &posthastev1.Event{
		Id: `a"b\c<d>&e`, Type: "t", Tenant: "acme", Data: []byte(" [1]"), Attributes: map[string]string{"subject": "\x00\"é\xff", "empty": ""},
		Time: timestamppb.New(time.Date(2026, 1, 15, 11, 30, 0, 1_999_999, time.FixedZone("", 3600))),
	}
	sum := sha256.Sum256([]byte("acme\x00/shop\x00evt_abc123"))
	untraced := `"` + hex.EncodeToString(sum[:16]) + `"`
	for _, tt := range []struct {
		in         *Delivery
		text, want string
	}{
		{odd, `${event.id}`, `"a\"b\\c<d>&e"`},
		{odd, `${event.data}`, ` [1]`},
		{odd, `${event.time}`, `"2026-01-15T10:30:00.001999999Z"`},
		{odd, `${event.time.seconds}`, `"2026-01-15T10:30:00Z"`},
		{odd, `${event.time.millis}`, `"2026-01-15T10:30:00.001Z"`},
		{odd, `${event.time.unix}`, `1768473000`},
		{odd, `${event.source}`, `null`},
		{odd, `${event.source|"none"}`, `"none"`},
		{odd, `${event.attributes.subject|1}`, `"\u0000\"é` + "\ufffd" + `"`},
		{odd, `${event.attributes.empty|1}`, `""`},
		{odd, `${event.attributes.other}`, `null`},
		{odd, `${event.attributes.other| {"a":[1,"}"]} }`, `{"a":[1,"}"]}`},
		{odd, `${event.data.taskId|"x"}`, `"x"`},
		{traced, `${trace.id}`, `"0af7651916cd43dd8448eb211c80319c"`},
		{testDelivery(), `${trace.id}`, untraced},
		{testDelivery(), `${event.time}`, `"2026-01-15T10:30:00Z"`},
		{testDelivery(), `${event.time.millis}`, `"2026-01-15T10:30:00.000Z"`},
		{testDelivery(), `${event.source}`, `"/shop"`},
		{testDelivery(), `${event.sequence}`, `42`},
		{testDelivery(), `${event.attributes.subject}`, `"order 18"`},
		{testDelivery(), `${event.data.taskVersion|1}`, `3`},
		{testDelivery(), `${event.data.n}`, `1.0`},
		{testDelivery(), `${event.data.text}`, `"é <b>"`},
		{testDelivery(), ` [ ${tenant} , ${subscription.id},${delivery.id},"$","$ {","$${ }" ] `, ""},
		{testDelivery(), `{"a":[{"b":${event.type}}],"c":"$"}`, `{"a":[{"b":"task.claimed"}],"c":"$"}`},
		{&Delivery{Event: &posthastev1.Event{}}, `[${event.data},${event.time},${event.type}]`, `[null,"1970-01-01T00:00:00Z",""]`},
	} {
		if tt.want == "" { // what looks like a placeholder is one
			if _, err := compile(tt.text); err == nil {
				t.Errorf("%s is taken", tt.text)
			}
			continue
		}
		if diff := cmp.Diff(tt.want, rendered(t, tt.text, tt.in)); diff != "" {
			t.Errorf("%s: %s", tt.text, diff)
		}
	}
}

func TestTraceParents(t *testing.T) {
	t.Parallel()
	const id = "0af7651916cd43dd8448eb211c80319c"
	for parent, want := range map[string]string{
		"00-" + id + "-b7ad6b7169203331-01":                       id,
		"cc-" + id + "-b7ad6b7169203331-01-x":                     id,
		"00-" + id + "-b7ad6b7169203331-01-x":                     "",
		"ff-" + id + "-b7ad6b7169203331-01":                       "",
		"00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01": "",
		"00-00000000000000000000000000000000-b7ad6b7169203331-01": "",
		"00-" + id + "-b7ad6b7169203331":                          "",
		"00_" + id + "-b7ad6b7169203331-01":                       "",
		"":                                                        "",
	} {
		if got := traceIDOf(parent); got != want {
			t.Errorf("%q: %q, want %q", parent, got, want)
		}
	}
}

// TestSameOnEveryAttempt: what changes from attempt to attempt is not in it.
func TestSameOnEveryAttempt(t *testing.T) {
	t.Parallel()
	for _, d := range Builtin().All() {
		first := d.AppendBody(nil, testDelivery())
		for attempt := range uint32(8) {
			in := testDelivery()
			in.Attempt, in.Round = attempt+1, fmt.Sprintf("rpl_%d", attempt)
			if again := d.AppendBody(nil, in); !bytes.Equal(first, again) {
				t.Errorf("%s, attempt %d: %s, want %s", d.Name, attempt+1, again, first)
			}
		}
	}
}

// TestAppendBodyKeepsDst: it appends, and reuses room that is there.
func TestAppendBodyKeepsDst(t *testing.T) {
	t.Parallel()
	d, in := builtinNamed(t, "agentrail"), testDelivery()
	alone := d.AppendBody(nil, in)
	room := make([]byte, 1, 4096)
	room[0] = 'x'
	got := d.AppendBody(room, in)
	if string(got) != "x"+string(alone) || &got[0] != &room[0] {
		t.Errorf("%s", got)
	}
}

// TestAppendBodyAllocates nothing where there is room. Not parallel: it counts
// the process's allocations.
func TestAppendBodyAllocates(t *testing.T) {
	room := make([]byte, 0, 4096)
	for _, d := range Builtin().All() {
		in := testDelivery()
		if allocs := testing.AllocsPerRun(100, func() { d.AppendBody(room, in) }); allocs > 0 {
			t.Errorf("%s: %v allocations", d.Name, allocs)
		}
	}
}

func TestPlainBody(t *testing.T) {
	t.Parallel()
	d := named(t, loaded(t, "dialects:\n- {name: x, extends: github, content_type: text/plain, body: '${event.type} of ${tenant}'}\n"), "x")
	if got := string(d.AppendBody(nil, testDelivery())); got != `"task.claimed" of "acme"` || d.Scheme.DataField != "" {
		t.Errorf("%s", got)
	}
	if !json.Valid(builtinNamed(t, "github").AppendBody(nil, testDelivery())) {
		t.Error("github's is no JSON")
	}
}
