package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// known fails unless err is one that callers can answer.
func known(t *testing.T, err error) {
	t.Helper()
	var field *FieldError
	var size *SizeError
	if !errors.As(err, &field) && !errors.As(err, &size) && !errors.Is(err, ErrMediaType) {
		t.Fatalf("an error of another kind: %v", err)
	}
	if !utf8.ValidString(err.Error()) || len(err.Error()) > 1024 {
		t.Fatalf("an error that cannot be told: %.2000q", err)
	}
}

// sound fails unless a completed event survives the way through the stream.
func sound(t *testing.T, e *posthastev1.Event) {
	t.Helper()
	if !json.Valid(e.Data) || !utf8.Valid(e.Data) {
		t.Fatalf("data is no JSON: %q", e.Data)
	}
	b, err := proto.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	m := Message{Subject: "events." + e.Tenant + "." + e.Type, Data: b, Header: nats.Header{"Content-Type": {ContentTypeProtobuf}}}
	again, err := ReadMessage(m, Limits{EventBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(e, again, protocmp.Transform()); diff != "" {
		t.Fatal(diff)
	}
}

func FuzzReadJSON(f *testing.F) {
	for _, seed := range []string{
		`{"type":"a","data":1}`, ` [ {"id":"1","tenant":"t","type":"a.b","timestamp":"2026-01-15T10:30:00Z","data":{"a":"é\ud800"}} , {"type":"b","data":null}]`,
		`{"type":"a","data":1}x`, `[]`, `{"d":`, "{\"data\":\"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		events, _, err := ReadJSON(body, testLimits)
		if !bytes.Equal(before, body) {
			t.Fatal("the body was changed")
		}
		if err != nil {
			known(t, err)
			return
		}
		for _, e := range events {
			if !aliases(body, e.Data) {
				t.Fatal("data is not the body's")
			}
			if err := Complete(e, stored, func() string { return "x" }); err != nil {
				known(t, err)
				continue
			}
			sound(t, e)
		}
	})
}

func FuzzReadCloudEvent(f *testing.F) {
	for _, seed := range [][]byte{
		ce(`,"data":{"a":1}`), ce(`,"data_base64":"eyJhIjoxfQ==","time":"2026-01-15T10:30:00Z"`), ce(`,"ext":5,"flag":true,"none":null`),
		ce(`,"datacontenttype":"text/plain","data":"x"`), []byte(`{"specversion":"1.0"}`),
	} {
		f.Add(seed, "application/json")
	}
	f.Add([]byte("text"), "text/plain; charset=utf-8")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		events, err := ReadCloudEvent(body, testLimits)
		e, binaryErr := ReadCloudEventBinary(ceHeaders("subject", contentType), contentType, body, testLimits)
		if e != nil {
			events = append(events, e)
		}
		for _, err := range []error{err, binaryErr} {
			if err != nil {
				known(t, err)
			}
		}
		for _, e := range events {
			if err := Complete(e, stored, nil); err != nil {
				known(t, err)
				continue
			}
			sound(t, e)
		}
	})
}

func FuzzReadMessage(f *testing.F) {
	e := &posthastev1.Event{Id: "p1", Data: []byte("1")}
	f.Add("events.acme.a", "", "", []byte(encoded(f, e)))
	f.Add("events.acme.a", "application/json", "", []byte(`{"data":{"a":1}}`))
	f.Add("events.acme.a", "", "1.0", []byte(`{"a":1}`))
	f.Add("events.acme.a", "application/cloudevents+json", "", ce(""))
	f.Add("events.a", "text/plain", "1.0", []byte("\n {"))
	f.Fuzz(func(t *testing.T, subject, contentType, version string, data []byte) {
		m := Message{Subject: subject, Data: data, Stored: stored, Sequence: 1, Header: nats.Header{"content-type": {contentType}, "Nats-Msg-Id": {version}}}
		if version != "" {
			m.Header["CE-SpecVersion"] = []string{version}
			m.Header["ce-id"], m.Header["Ce-Source"], m.Header["ce-type"] = []string{"1"}, []string{contentType}, []string{"a"}
		}
		e, err := ReadMessage(m, testLimits)
		if err != nil {
			known(t, err)
			return
		}
		again, err := ReadMessage(m, testLimits)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e, again, protocmp.Transform()); diff != "" {
			t.Fatalf("read again: %s", diff)
		}
		sound(t, e)
	})
}
