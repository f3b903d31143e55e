package template

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

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
		tmpl, err := Compile(text)
		if err != nil {
			check(t, err)
			return
		}
		_ = tmpl.AppendHeader(nil, hard(), testNow)
		if tmpl.OfAttempt() != "" {
			return
		}
		if _, err := tmpl.CheckJSON(); err != nil {
			check(t, err)
			return
		}
		for _, in := range []*Delivery{hard(), testDelivery(), {Event: &posthastev1.Event{}}} {
			if body := tmpl.AppendJSON(nil, in); !json.Valid(body) || utf8.ValidString(text) && !utf8.Valid(body) {
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

// FuzzPrintable: what comes out of it can stand in a header.
func FuzzPrintable(f *testing.F) {
	for _, seed := range []string{"a\r\nX-Evil: 1", "\x00\x7f\u0085é\xff\ufffd", strings.Repeat("é", MaxHeaderValue)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := string(printable([]byte(text)))
		if !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) || len(got) > MaxHeaderValue {
			t.Fatalf("%q", got)
		}
		if clean := !strings.ContainsFunc(text, unicode.IsControl) && utf8.ValidString(text) && len(text) <= MaxHeaderValue; clean && got != text {
			t.Fatalf("%q became %q", text, got)
		}
	})
}
