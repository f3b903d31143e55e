package template

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// rendered compiles and checks a body, as loading does, and makes it.
func rendered(tb testing.TB, text string, in *Delivery) string {
	tb.Helper()
	t := compiled(tb, text)
	if _, err := t.CheckJSON(); err != nil {
		tb.Fatal(err)
	}
	return string(t.AppendJSON(nil, in))
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
			if _, err := Compile(tt.text); err == nil {
				t.Errorf("%s is taken", tt.text)
			}
			continue
		}
		if diff := cmp.Diff(tt.want, rendered(t, tt.text, tt.in)); diff != "" {
			t.Errorf("%s: %s", tt.text, diff)
		}
	}
}
