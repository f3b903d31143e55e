package webhook_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
)

// TestParseRefuses has bodies and headers that were signed rightly and make no
// sense.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		vector, header, value string
		body                  string // Empty: the vector's.
		wantText              string
	}{
		"another type":          {"aicity", "X-City-Event", "ping", "", "X-City-Event and the body's event differ"},
		"type in the header":    {"aicity", "", "", `{"webhookId":"clx9jkl012"}`, "X-City-Event and the body's event differ"},
		"another delivery":      {"aicity", "X-City-Delivery", "x", "", "X-City-Delivery and the body's webhookId differ"},
		"another event":         {"agentrail", "x-agentrail-event-id", "evt_2", "", "x-agentrail-event-id and the body's id differ"},
		"another event type":    {"agentrail", "x-agentrail-event-type", "task.Updated", "", "x-agentrail-event-type and the body's type differ"},
		"attempt 0":             {"agentrail", "x-agentrail-delivery-attempt", "0", "", "x-agentrail-delivery-attempt is no number from 1"},
		"attempt -1":            {"agentrail", "x-agentrail-delivery-attempt", "-1", "", "x-agentrail-delivery-attempt is no number from 1"},
		"attempt too large":     {"agentrail", "x-agentrail-delivery-attempt", "2147483648", "", "x-agentrail-delivery-attempt is no number from 1"},
		"attempt in words":      {"agentrail", "x-agentrail-delivery-attempt", "private", "", "x-agentrail-delivery-attempt is no number from 1"},
		"time in words":         {"agentrail", "", "", `{"id":"evt_1","type":"task.updated","occurredAt":"private"}`, "occurredAt is not RFC 3339"},
		"time with a fraction":  {"stripe", "", "", `{"type":"a","created":1.5}`, "created is not RFC 3339 or a number of seconds"},
		"time below zero":       {"stripe", "", "", `{"type":"a","created":-1}`, "created is not RFC 3339 or a number of seconds"},
		"time a list":           {"stripe", "", "", `{"type":"a","created":[1]}`, "created is not RFC 3339 or a number of seconds"},
		"id a number":           {"neiracore", "", "", `{"id":7,"type":"a"}`, "id is no string"},
		"webhookId an object":   {"aicity", "", "", `{"event":"bid_accepted","webhookId":{}}`, "webhookId is no string"},
		"no type":               {"stripe", "", "", `{"id":"evt_1"}`, "no type"},
		"type in another case":  {"stripe", "", "", `{"Type":"a"}`, "no type"},
		"type null":             {"neiracore", "", "", `{"type":null}`, "no type"},
		"a list":                {"aicity", "", "", `["private"]`, "not a JSON object"},
		"a form, not JSON":      {"github", "", "", `payload=private`, "JSON syntax error at byte 1"},
		"empty":                 {"github", "", "", " ", "JSON syntax error"},
		"more behind the event": {"neiracore", "", "", `{"type":"a"} {}`, "JSON syntax error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := vectors()[tt.vector]
			body := v.body
			if tt.body != "" {
				body = tt.body
			}
			h := v.sign(t, body)
			if tt.header != "" {
				h.Set(tt.header, tt.value)
			}
			if err := v.verifier(t).Verify(h, []byte(body)); err != nil {
				t.Fatalf("not even verified: %v", err)
			}
			d, err := v.verifier(t).Parse(h, []byte(body))
			if !errors.Is(err, webhook.ErrBadEvent) || !strings.Contains(err.Error(), tt.wantText) || strings.Contains(err.Error(), "private") {
				t.Errorf("got %v, want %q", err, tt.wantText)
			}
			if d.ID != "" || d.Event.Type != "" {
				t.Errorf("and %+v", d)
			}
		})
	}
}

// TestParseLittle has no more than must be there.
func TestParseLittle(t *testing.T) {
	t.Parallel()
	own := webhook.Scheme{SignatureHeader: "X-Sig", TimestampHeader: "X-Time", AttemptHeader: "X-Attempt", EventIDHeader: "X-Event"}
	for name, tt := range map[string]struct {
		header, value string
		body          string
		want          func(webhook.Delivery) bool
	}{
		"nothing":          {"X-None", "", `[1]`, func(d webhook.Delivery) bool { return d.ID == "" && d.Attempt == 0 && d.Event.Timestamp.IsZero() }},
		"event id":         {"X-Event", "evt_1", `1`, func(d webhook.Delivery) bool { return d.ID == "evt_1" && d.Event.ID == "evt_1" }},
		"attempt":          {"X-Attempt", "3", `1`, func(d webhook.Delivery) bool { return d.Attempt == 3 }},
		"time as text":     {"X-Time", "2025-01-15T10:30:00.5Z", `1`, func(d webhook.Delivery) bool { return d.Event.Timestamp.Nanosecond() == 5e8 && d.Attempted.IsZero() }},
		"time as a number": {"X-Time", "1614265330", `1`, func(d webhook.Delivery) bool { return d.Event.Timestamp.Equal(vectorTime()) }},
		"null":             {"X-None", "", `null`, func(d webhook.Delivery) bool { return string(d.Event.Data) == "null" }},
	} {
		v := vector{scheme: own, secret: "s", header: map[string]string{tt.header: tt.value}}
		d, err := v.verifier(t).Parse(v.sign(t, tt.body), []byte(tt.body))
		if err != nil || !tt.want(d) || string(d.Event.Data) != tt.body {
			t.Errorf("%s: got %+v, %v", name, d, err)
		}
	}
	v := vector{scheme: own, secret: "s", header: map[string]string{"X-Time": "\"private\""}}
	if _, err := v.verifier(t).Parse(v.sign(t, "1"), []byte("1")); !errors.Is(err, webhook.ErrBadEvent) || !strings.Contains(err.Error(), "X-Time") {
		t.Errorf("a bad time: %v", err)
	}
}

// TestParseOwnsData: the caller may read the next delivery into the same bytes.
func TestParseOwnsData(t *testing.T) {
	t.Parallel()
	for name, v := range vectors() {
		body := []byte(v.body)
		d, err := v.verifier(t).Parse(v.headers(), body)
		if err != nil {
			t.Fatal(err)
		}
		clear(body)
		if string(d.Event.Data) != string(v.want.Event.Data) {
			t.Errorf("%s: the data became %q", name, d.Event.Data)
		}
	}
}

// TestParseBeside reads an AI City delivery by the headers of Standard
// Webhooks that came with it.
func TestParseBeside(t *testing.T) {
	t.Parallel()
	city := vectors()["aicity"]
	s := webhook.Standard()
	s.IDField, s.TypeField = "", "event"
	v := vector{scheme: s, secret: city.secret, header: map[string]string{"webhook-id": "clx9jkl012", "webhook-timestamp": "1614265330"}}
	d, err := v.verifier(t).Parse(v.sign(t, city.body), []byte(city.body))
	if err != nil || d.ID != "clx9jkl012" || d.Event.Type != "bid_accepted" || !d.Attempted.Equal(vectorTime()) {
		t.Fatalf("got %+v, %v", d, err)
	}
	later := webhook.WithClock(func() time.Time { return vectorTime().Add(time.Hour) })
	if _, err := v.verifier(t, later).Parse(v.sign(t, city.body), []byte(city.body)); !errors.Is(err, webhook.ErrTooOld) {
		t.Errorf("an hour later: %v", err)
	}
}
