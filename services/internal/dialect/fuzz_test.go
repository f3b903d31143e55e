package dialect

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/posthaste/posthaste/pkg/eventid"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// FuzzBody: every dialect makes JSON of every event that is let in.
func FuzzBody(f *testing.F) {
	f.Add("evt_1", "a.b", "/s", "x", []byte(`{"a":1,"taskVersion":"\ud800"}`), int64(1768473000), int32(5))
	f.Add(`"\<`, "a", "\u2028", "\x00\"", []byte(` null `), int64(-1), int32(999_999_999))
	set := Builtin()
	f.Fuzz(func(t *testing.T, id, typ, source, subject string, data []byte, seconds int64, nanos int32) {
		e := &posthastev1.Event{Id: id, Tenant: "acme", Type: typ, Source: source, Data: data, Attributes: map[string]string{"subject": subject}}
		e.Time = &timestamppb.Timestamp{Seconds: seconds, Nanos: nanos}
		if e.Time.CheckValid() != nil || eventid.CheckID(id) != nil || eventid.CheckType(typ) != nil || eventid.CheckSource(source) != nil ||
			eventid.CheckAttributes(e.Attributes) != nil || !json.Valid(data) || !utf8.Valid(data) {
			return
		}
		in := &Delivery{Event: e, ID: "dlv_1", SubscriptionID: "evsub_1", Attempt: 1}
		for _, d := range set.All() {
			body := d.AppendBody(nil, in)
			if !json.Valid(body) || !utf8.Valid(body) {
				t.Fatalf("%s: %q", d.Name, body)
			}
			checkValues(t, d.Header(in, testNow, body, &Signer{}))
		}
	})
}

// checkValues fails where a value cannot stand on one line.
func checkValues(t *testing.T, h map[string][]string) {
	t.Helper()
	for name, values := range h {
		for _, v := range values {
			if v == "" || !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl) {
				t.Fatalf("%s: %q", name, v)
			}
		}
	}
}

// FuzzLoad: a file is taken or refused, and the reason can be told.
func FuzzLoad(f *testing.F) {
	f.Add("dialects:\n- {name: x, extends: github, timeout: 1s}\n")
	f.Add("dialects:\n  - name: x\n    body: '${event.data}'\n    headers: {a: ~, b: 'c'}\n    retry: {delays: [1s]}\n")
	f.Add("dialects: [{name: a, extends: a}, ~]")
	f.Add("a: &a [*a]\n---\n")
	f.Fuzz(func(t *testing.T, text string) {
		set, err := load([]file{{name: "x.yaml", data: []byte(text)}})
		if err != nil {
			check(t, err)
			return
		}
		for _, d := range set.All() {
			body := d.AppendBody(nil, testDelivery())
			if isJSON(d.ContentType) && !json.Valid(body) {
				t.Fatalf("%s: %s", d.Name, body)
			}
			checkValues(t, d.Header(testDelivery(), testNow, body, &Signer{}))
		}
	})
}

func check(t *testing.T, err error) {
	t.Helper()
	if text := err.Error(); text == "" || len(text) > 64<<10 {
		t.Fatalf("%d bytes: %.1000q", len(text), text)
	}
}
