package template

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestQuestions are what a dialect asks of its templates.
func TestQuestions(t *testing.T) {
	t.Parallel()
	type answers struct {
		Has, Only, NeverEmpty bool // Has and Only of the event's type and source
		OfAttempt             string
	}
	for text, want := range map[string]answers{
		"":                                     {},
		"plain":                                {NeverEmpty: true},
		"${event.type}":                        {Has: true, Only: true, NeverEmpty: true},
		"${event.source}":                      {Has: true, Only: true},
		`${event.source|""}`:                   {Has: true, Only: true},
		`${event.source|"none"}`:               {Has: true, Only: true, NeverEmpty: true},
		"${event.source}${event.data.a}":       {Has: true},
		"of ${event.type}":                     {Has: true, NeverEmpty: true},
		"${event.id}":                          {NeverEmpty: true},
		"${attempt.id}":                        {NeverEmpty: true, OfAttempt: "${attempt.id}"},
		"${event.source} ${attempt.time.unix}": {Has: true, NeverEmpty: true, OfAttempt: "${attempt.time.unix}"},
		"${tenant}${attempt.number}${attempt.id}": {NeverEmpty: true, OfAttempt: "${attempt.number}"},
	} {
		tmpl := compiled(t, text)
		got := answers{tmpl.Has(EventType, EventSource), tmpl.Only(EventType, EventSource), tmpl.NeverEmpty(), tmpl.OfAttempt()}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Members{
		`{}`:                                     {},
		`${event.data}`:                          {EventData: ""},
		`[${event.id}]`:                          {EventID: ""},
		`{"id":${event.id},"of":${event.id}}`:    {EventID: "id"},
		`{"a":{"id":${event.id}}}`:               {},
		`{"a":{"b":[${event.data}]},"t":"type"}`: {EventData: "a"},
		`{"id":${delivery.id},"data":{"a":${event.data},"b":${tenant}},"t":${event.time.unix}}`: {DeliveryID: "id", EventData: "data", EventTimeUnix: "t"},
	} {
		tmpl := compiled(t, text)
		got, err := tmpl.CheckJSON()
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", text, err, diff)
		}
	}
}

func TestAppendHeader(t *testing.T) {
	t.Parallel()
	in := testDelivery()
	in.Attempt, in.Round = 2, "rpl_1"
	in.Event.Source = "/a\r\nX-Evil: 1"
	in.Event.Attributes["subject"] = strings.Repeat("é", MaxHeaderValue)
	for text, want := range map[string]string{
		"":                                      "",
		"${event.type} of ${tenant}":            "task.claimed of acme",
		"${attempt.id} ${attempt.time.unix}":    in.ID + "_rpl_1_2 1768473001",
		"${event.source}":                       "/aX-Evil: 1",
		"<${event.attributes.subject}>":         "<" + strings.Repeat("é", MaxHeaderValue/2) + ">",
		"${event.attributes.other}":             "",
		`${event.attributes.other|"é"}`:         "é",
		"${event.data.text}${event.data.other}": "é <b>",
		"${event.data.n}":                       "1.0",
	} {
		tmpl := compiled(t, text)
		if diff := cmp.Diff("x"+want, string(tmpl.AppendHeader([]byte("x"), in, testNow))); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}
