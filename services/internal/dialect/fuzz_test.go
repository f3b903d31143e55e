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

// hard is an event whose every value would break JSON that was put together
// without care.
func hard() *Delivery {
	in := testDelivery()
	in.Event.Id, in.Event.Source, in.Event.Type = `"},{"\`, "\"\\\x01\u2028", `",`
	in.Event.Attributes = map[string]string{"a": "\"\xff"}
	in.Event.Data = []byte(`{"a":"}","b":[",\""],"\u0063":{}}`)
	return in
}

// FuzzTemplate: what is taken for a JSON body gives JSON, of any event.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{
		`{"a":${event.id},"b":[${event.data},${event.data.a|{"b":"}"}}]}`, `${event.data}`, `{"a":"\${event.id},","b":"\${event.id}"}`, `${event.source|"x"}`,
		`{"a":"x${event.id}"}`, `[${event.attributes.a|1},${event.sequence}${event.sequence}]`, `{${event.id}:1}`, `-${event.sequence}`, "${", "$${event.id}",
		`["\${event.id}",",\${event.id}"]`, `["${event.id}pppppppp","pppppppp"]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tmpl, err := compile(text)
		if err != nil {
			check(t, err)
			return
		}
		d := &Dialect{body: tmpl}
		_ = tmpl.appendHeader(nil, hard(), testNow)
		for _, s := range tmpl.spots {
			if tmpl.parts[s.part].kind.ofAttempt() {
				return
			}
		}
		if _, err := tmpl.checkJSON(text); err != nil {
			check(t, err)
			return
		}
		for _, in := range []*Delivery{hard(), testDelivery(), {Event: &posthastev1.Event{}}} {
			if body := d.AppendBody(nil, in); !json.Valid(body) || utf8.ValidString(text) && !utf8.Valid(body) {
				t.Fatalf("%q gives %q", text, body)
			}
		}
	})
}

func check(t *testing.T, err error) {
	t.Helper()
	if text := err.Error(); text == "" || len(text) > 64<<10 {
		t.Fatalf("%d bytes: %.1000q", len(text), text)
	}
}

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

// FuzzPrintable: what comes out of it can stand in a header.
func FuzzPrintable(f *testing.F) {
	for _, seed := range []string{"a\r\nX-Evil: 1", "\x00\x7f\u0085é\xff\ufffd", strings.Repeat("é", maxHeaderValue)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := string(printable([]byte(text)))
		if !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) || len(got) > maxHeaderValue {
			t.Fatalf("%q", got)
		}
		if clean := !strings.ContainsFunc(text, unicode.IsControl) && utf8.ValidString(text) && len(text) <= maxHeaderValue; clean && got != text {
			t.Fatalf("%q became %q", text, got)
		}
	})
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
