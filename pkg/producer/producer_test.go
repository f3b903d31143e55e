package producer_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/proto"

	"github.com/posthaste/posthaste/pkg/eventid"
	"github.com/posthaste/posthaste/pkg/internal/natstest"
	"github.com/posthaste/posthaste/pkg/producer"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

func TestPublish(t *testing.T) {
	t.Parallel()
	nc := natstest.Start(t).Connect(t)
	stream := natstest.Stream(t, nc)
	happened := time.Date(2025, 1, 15, 10, 30, 0, 123, time.UTC)
	ack, err := mustProducer(t, nc).Publish(t.Context(), producer.Event{
		ID: "a/1", Tenant: "acme", Type: "task.claimed", Time: happened, Data: json.RawMessage(` {"n": 1.0}`),
		Source: "https://x.example", Attributes: map[string]string{"subject": "s"},
	})
	if err != nil || ack != (producer.Ack{ID: "a/1", Sequence: 1}) {
		t.Fatalf("got %+v, %v", ack, err)
	}
	msg, got := stored(t, stream, 1)
	if msg.Subject != "events.acme.task.claimed" {
		t.Errorf("subject %s", msg.Subject)
	}
	if id := msg.Header["Nats-Msg-Id"]; len(id) != 1 || id[0] != "acme/https:%2F%2Fx.example/a%2F1" {
		t.Errorf("message id %q", id)
	}
	if typ := msg.Header["Content-Type"]; len(typ) != 1 || typ[0] != "application/protobuf" {
		t.Errorf("content type %q", typ)
	}
	if got.GetId() != "a/1" || got.GetTenant() != "acme" || got.GetType() != "task.claimed" || !got.GetTime().AsTime().Equal(happened) ||
		string(got.GetData()) != ` {"n": 1.0}` || got.GetSource() != "https://x.example" || got.GetAttributes()["subject"] != "s" {
		t.Errorf("event %v", got)
	}
}

func TestPublishDefaults(t *testing.T) {
	t.Parallel()
	nc := natstest.Start(t).Connect(t)
	stream := natstest.Stream(t, nc)
	now := time.Date(2025, 1, 15, 10, 30, 0, 0, time.UTC)
	e, err := producer.NewEvent("ping", map[string]int{"n": 1})
	if err != nil {
		t.Fatal(err)
	}
	ack, err := mustProducer(t, nc, producer.WithClock(func() time.Time { return now })).Publish(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	msg, got := stored(t, stream, ack.Sequence)
	if !strings.HasPrefix(ack.ID, eventid.Prefix) || got.GetId() != ack.ID || msg.Header.Get("Nats-Msg-Id") != "default/"+ack.ID {
		t.Errorf("ack %q, event %q, message id %q", ack.ID, got.GetId(), msg.Header.Get("Nats-Msg-Id"))
	}
	if msg.Subject != "events.default.ping" || !got.GetTime().AsTime().Equal(now) || string(got.GetData()) != `{"n":1}` {
		t.Errorf("subject %s, event %v", msg.Subject, got)
	}
}

func TestPublishDuplicate(t *testing.T) {
	t.Parallel()
	nc := natstest.Start(t).Connect(t)
	stream := natstest.Stream(t, nc)
	p := mustProducer(t, nc)
	sourced, other := event("1"), event("1")
	sourced.Source, other.Tenant = "billing", "other"
	for _, e := range []producer.Event{event("1"), sourced, other} {
		for _, again := range []bool{false, true} {
			ack, err := p.Publish(t.Context(), e)
			if err != nil || ack.Duplicate != again {
				t.Fatalf("got %+v, %v; want duplicate %v", ack, err, again)
			}
		}
	}
	mustCount(t, stream, 3)
}

func TestPublishTrace(t *testing.T) {
	t.Parallel()
	nc := natstest.Start(t).Connect(t)
	stream := natstest.Stream(t, nc)
	state, err := trace.ParseTraceState("vendor=value")
	if err != nil {
		t.Fatal(err)
	}
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, TraceState: state,
	}))
	p := mustProducer(t, nc)
	ack, err := p.Publish(ctx, event("1"))
	if err != nil {
		t.Fatal(err)
	}
	acks, err := p.PublishAll(ctx, []producer.Event{event("2")})
	if err != nil {
		t.Fatal(err)
	}
	for _, sequence := range []uint64{ack.Sequence, acks[0].Sequence} {
		msg, _ := stored(t, stream, sequence)
		// Looked up as a map, so that the case counts.
		parent, kept := msg.Header["traceparent"], msg.Header["tracestate"]
		if len(parent) != 1 || parent[0] != "00-01000000000000000000000000000000-0200000000000000-01" || len(kept) != 1 || kept[0] != "vendor=value" {
			t.Errorf("headers %v", msg.Header)
		}
	}
}

func TestPublishInvalid(t *testing.T) {
	t.Parallel()
	nc := natstest.Start(t).Connect(t)
	stream := natstest.Stream(t, nc)
	p := mustProducer(t, nc)
	for field, change := range map[string]func(*producer.Event){
		"id":            func(e *producer.Event) { e.ID = "a b" },
		"tenant":        func(e *producer.Event) { e.Tenant = "a.b" },
		"type":          func(e *producer.Event) { e.Type = "a.*" },
		"source":        func(e *producer.Event) { e.Source = "a\nb" },
		"time":          func(e *producer.Event) { e.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"data":          func(e *producer.Event) { e.Data = json.RawMessage(`{} {}`) },
		`attribute "a"`: func(e *producer.Event) { e.Attributes = map[string]string{"a": "\xff"} },
	} {
		e := event("1")
		change(&e)
		_, err := p.Publish(t.Context(), e)
		if !errors.Is(err, producer.ErrInvalid) || !strings.Contains(err.Error(), "invalid event: "+field+":") {
			t.Errorf("%s: got %v", field, err)
		}
	}
	if _, err := p.Publish(t.Context(), producer.Event{Type: "ping"}); !errors.Is(err, producer.ErrInvalid) {
		t.Errorf("no data: got %v", err)
	}
	if _, err := producer.NewEvent("ping", func() {}); err == nil {
		t.Error("a function was encoded")
	}
	mustCount(t, stream, 0)
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	if _, err := producer.New(nil); err == nil {
		t.Error("no connection: no error")
	}
	nc := natstest.Start(t).Connect(t)
	for name, opt := range map[string]producer.Option{
		"max elapsed": producer.WithMaxElapsed(0), "ack wait": producer.WithAckWait(0), "clock": producer.WithClock(nil),
		"propagator": producer.WithPropagator(nil), "logger": producer.WithLogger(nil),
	} {
		if _, err := producer.New(nc, opt); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func stored(tb testing.TB, stream jetstream.Stream, sequence uint64) (*jetstream.RawStreamMsg, *posthastev1.Event) {
	tb.Helper()
	msg, err := stream.GetMsg(tb.Context(), sequence)
	if err != nil {
		tb.Fatal(err)
	}
	event := new(posthastev1.Event)
	if err := proto.Unmarshal(msg.Data, event); err != nil {
		tb.Fatal(err)
	}
	return msg, event
}
