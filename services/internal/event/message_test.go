package event

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

func message(data string, headers ...string) Message {
	m := Message{Subject: "events.acme.task.claimed", Data: []byte(data), Stored: stored, Sequence: 7, Header: nats.Header{}}
	for i := 0; i < len(headers); i += 2 {
		m.Header[headers[i]] = []string{headers[i+1]}
	}
	return m
}

func encoded(tb testing.TB, e *posthastev1.Event) string {
	tb.Helper()
	b, err := proto.Marshal(e)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

func TestReadMessageForms(t *testing.T) {
	t.Parallel()
	full := &posthastev1.Event{Id: "p1", Tenant: "acme", Type: "task.claimed", Time: timestamppb.New(stored), Data: []byte(`{ "a":1}`)}
	asProto := encoded(t, full)
	const structured = `{"specversion":"1.0","id":"p1","source":"/s","type":"task.claimed","time":"2026-01-15T10:30:00.123456789Z","data":{ "a":1}}`
	const plain = `{"id":"p1","data":{ "a":1}}`
	headers := func(id, source, version string, more ...string) []string {
		return append([]string{id, "p1", source, "/s", version, "1.0"}, more...)
	}
	for name, m := range map[string]Message{
		"protobuf":               message(asProto, "Content-Type", "application/protobuf"),
		"x-protobuf":             message(asProto, "content-type", "application/x-protobuf"),
		"protobuf guessed":       message(asProto),
		"JSON":                   message(plain, "CONTENT-TYPE", "application/json; charset=utf-8"),
		"JSON guessed":           message(plain),
		"JSON behind space":      message("\n\n\t " + plain),
		"JSON far behind":        message(strings.Repeat(" ", 100) + plain),
		"structured":             message(structured, "Content-Type", "application/cloudevents+json; charset=UTF-8"),
		"structured, short":      message(structured, "Content-Type", "Application/CloudEvents"),
		"structured as JSON":     message(structured, "Content-Type", "application/json"),
		"structured guessed":     message(structured),
		"structured wins":        message(structured, headers("ce-id", "ce-source", "ce-specversion", "Content-Type", "application/cloudevents+json")...),
		"binary lower":           message(`{ "a":1}`, headers("ce-id", "ce-source", "ce-specversion", "ce-type", "task.claimed")...),
		"binary canonical":       message(`{ "a":1}`, headers("Ce-Id", "Ce-Source", "Ce-Specversion", "Ce-Type", "task%2Eclaimed")...),
		"binary upper":           message(`{ "a":1}`, headers("CE-ID", "CE-SOURCE", "CE-SPECVERSION", "CE-TYPE", "task.claimed", "content-type", "application/json")...),
		"binary datacontenttype": message(`{ "a":1}`, headers("cE-iD", "ce-source", "ce-specversion", "ce-type", "task.claimed", "ce-datacontenttype", "application/json")...),
	} {
		e, err := ReadMessage(m, testLimits)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		e.Source = "" // not all forms have one
		if diff := cmp.Diff(full, e, protocmp.Transform()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestReadMessageErrors(t *testing.T) {
	t.Parallel()
	on := func(subject, data string) Message {
		m := message(data)
		m.Subject = subject
		return m
	}
	wrongTime := encoded(t, &posthastev1.Event{Time: &timestamppb.Timestamp{Nanos: -1}, Data: []byte("1")})
	badData := encoded(t, &posthastev1.Event{Id: "x", Data: []byte("{")})
	for want, m := range map[string]Message{
		"the subject must be events.<tenant>.<type>":                                      on("orders.acme.a", `{"data":1}`),
		"tenant: differs from the subject's, \"acme\"":                                    message(`{"tenant":"other","data":1}`),
		"type: differs from the subject's, \"task.claimed\"":                              message(`{"type":"task.done","data":1}`),
		"data: is required; send null where there is none":                                message(`{}`),
		"an array cannot be published on one subject; publish each event":                 message(` [{"data":1}]`),
		"neither JSON nor a protobuf posthaste.v1.Event":                                  message(`hello`),
		"time: must lie in the years 0001 to 9999 UTC":                                    message(wrongTime),
		"data: is not one JSON value in UTF-8":                                            message(badData),
		"specversion: is required; this is CloudEvents 1.0":                               message(`{}`, "ce-id", "1", "ce-source", "s", "ce-type", "task.claimed"),
		"source: is required by CloudEvents":                                              message(`{}`, "ce-id", "1", "ce-specversion", "1.0"),
		"foo: unknown field; an event has id, tenant, type, timestamp and data":           message(`{"foo":1}`),
		`type: character "$" at byte 5, allowed are A-Z a-z 0-9 _ : / - and dots between`: on("events.acme.task.$x", `{"data":1}`),
		`tenant: character "$" at byte 0, allowed are A-Z a-z 0-9 _ -`:                    on("events.$x.task", `{"data":1}`),
	} {
		e, err := ReadMessage(m, testLimits)
		wantError(t, err, want)
		if e != nil {
			t.Errorf("%s: an event beside the error", want)
		}
		if got := RejectReason(err); got != "invalid" {
			t.Errorf("%s: reason %s", want, got)
		}
	}
}

func TestReadMessageRefusals(t *testing.T) {
	t.Parallel()
	for _, contentType := range []string{"image/png", "application/cloudevents-batch+json", "text/plain", ";"} {
		_, err := ReadMessage(message(`{"data":1}`, "Content-Type", contentType), testLimits)
		if !errors.Is(err, ErrMediaType) || RejectReason(err) != "media_type" {
			t.Errorf("%s: %v", contentType, err)
		}
	}
	large := strings.Repeat("x", 5000)
	for name, m := range map[string]Message{
		"JSON":     message(`{"data":"` + large + `"}`),
		"protobuf": message(encoded(t, &posthastev1.Event{Id: "x", Data: []byte(`"` + large + `"`)})),
		"binary":   message(`"`+large+`"`, "ce-specversion", "1.0"),
	} {
		if _, err := ReadMessage(m, testLimits); RejectReason(err) != "too_large" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReadMessageTime(t *testing.T) {
	t.Parallel()
	e, err := ReadMessage(message(`{"data":1}`), testLimits)
	if err != nil || !e.Time.AsTime().Equal(stored) {
		t.Errorf("time %v, %v, want the stream's", e.GetTime().AsTime(), err)
	}
}

// A protobuf Event's first bytes may be a line feed, the length of its id, and
// an id that begins with a brace.
func TestGuessProtobufThatLooksLikeJSON(t *testing.T) {
	t.Parallel()
	want := &posthastev1.Event{Id: "{2345678901234567890123456789012", Tenant: "acme", Type: "task.claimed", Time: timestamppb.New(stored), Data: []byte("1")}
	e, err := ReadMessage(message(encoded(t, want)), testLimits)
	if diff := cmp.Diff(want, e, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func TestTwoSpellingsOfOneHeader(t *testing.T) {
	t.Parallel()
	m := message(`1`, "ce-specversion", "1.0", "ce-source", "s", "ce-type", "task.claimed", "ce-id", "a", "CE-ID", "b", "Ce-Id", "c")
	for range 20 {
		if e, err := ReadMessage(m, testLimits); err != nil || e.Id != "a" {
			t.Fatalf("read %v, %v", e, err)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	if err := (&Config{MaxEventBytes: 1}).Validate(); err != nil {
		t.Error(err)
	}
	wantError(t, (&Config{}).Validate(), "max-event-bytes: must be at least 1, is 0")
}
