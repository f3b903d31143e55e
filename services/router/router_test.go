package router

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

func decoded(t *testing.T, msg *jetstream.RawStreamMsg) *posthastev1.Delivery {
	t.Helper()
	d, err := delivery.Decode(msg.Data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestFanOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	exact := h.wish(t, []string{"task.done"})
	prefix := h.wish(t, []string{"task.*", "task.done"})
	all := h.wish(t, []string{"*"})
	h.wish(t, []string{"task.failed"})
	h.wish(t, []string{"*"}, func(s *posthastev1.Subscription) { s.Tenant = "other" })
	h.wish(t, []string{"*"}, func(s *posthastev1.Subscription) {
		s.Status = posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_DISABLED
	})
	h.router(t, time.Second)
	h.publish(t, "events.t.task.done", nats.Header{bus.HeaderTraceparent: {"00-ab-cd-01"}}, `{"id":"e1","data":{"a": 1.50}}`)
	h.publish(t, "events.t.other", nil, `{"id":"e2","data":2}`)
	h.publish(t, "events.nobody.other", nil, `{"id":"e3","data":3}`)
	h.routed(t)
	got := h.receivers(t)
	slices.Sort(got["e1"])
	want := []string{exact, prefix, all}
	slices.Sort(want)
	if !slices.Equal(got["e1"], want) || !slices.Equal(got["e2"], []string{all}) || got["e3"] != nil {
		t.Errorf("delivered to %v", got)
	}
	msgs := testbed.Messages(t, h.bus.JS, bus.StreamDeliveries)
	msg := msgs[slices.IndexFunc(msgs, func(m *jetstream.RawStreamMsg) bool { return decoded(t, m).GetEvent().GetId() == "e1" })]
	d := decoded(t, msg)
	if d.GetId() != delivery.ID(d.GetEvent(), d.GetSubscriptionId()) || msg.Header.Get(jetstream.MsgIDHeader) != d.GetId() {
		t.Errorf("the ids are %s and %v", d.GetId(), msg.Header)
	}
	if string(d.GetEvent().GetData()) != `{"a": 1.50}` || d.GetAttempt() != 1 || d.GetNotBefore() != nil || d.GetCreatedAt() == nil {
		t.Errorf("the delivery is %v", d)
	}
	if msg.Header[bus.HeaderTraceparent][0] != "00-ab-cd-01" {
		t.Errorf("the trace is lost: %v", msg.Header)
	}
}

func TestTaskFilter(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	only := func(ids ...string) func(*posthastev1.Subscription) {
		return func(s *posthastev1.Subscription) { s.Filters = &posthastev1.Filters{TaskIds: ids} }
	}
	one := h.wish(t, []string{"*"}, only("t1", "t2"))
	other := h.wish(t, []string{"*"}, only("t3"))
	h.router(t, time.Second)
	for id, data := range map[string]string{
		"match": `{"x":{"taskId":"t3"},"taskId":"t2"}`, "none": `{"taskId":"t9"}`, "number": `{"taskId":1}`, "scalar": `"t1"`, "other": `{"taskId":"t3"}`,
	} {
		h.publish(t, "events.t.x", nil, fmt.Sprintf(`{"id":%q,"data":%s}`, id, data))
	}
	h.routed(t)
	got := h.receivers(t)
	if len(got) != 2 || !slices.Equal(got["match"], []string{one}) || !slices.Equal(got["other"], []string{other}) {
		t.Errorf("delivered to %v", got)
	}
}

// An event that is handed out again makes the same deliveries, which are
// dropped.
func TestRedeliveredEvent(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *bus.Config) { c.AckWait = time.Second })
	for range 20 {
		h.wish(t, []string{"*"})
	}
	h.event(t, 1)
	consumer, err := h.bus.JS.Consumer(t.Context(), bus.StreamEvents, bus.ConsumerRouter)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := consumer.Next() // by a router that dies before the ack
	if err != nil {
		t.Fatal(err)
	}
	dead, err := New(settings.Defaults[Config](), h.deps())
	if err != nil {
		t.Fatal(err)
	}
	<-h.live.Watcher.Loaded()
	if err := dead.fanOut(t.Context(), msg); err != nil {
		t.Fatal(err)
	}
	h.router(t, time.Second)
	h.routed(t)
	if got := h.receivers(t); len(got["e1"]) != 20 {
		t.Errorf("%d deliveries, want 20", len(got["e1"]))
	}
}

// The event stays until every delivery of it is stored.
func TestEventIsAckedLast(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *bus.Config) { c.AckWait = time.Second })
	for range 10 {
		h.wish(t, []string{"*"})
	}
	h.limit(t, 5)
	h.router(t, time.Second)
	h.event(t, 1)
	testbed.Eventually(t, "DELIVERIES is full", func() bool { return len(testbed.Messages(t, h.bus.JS, bus.StreamDeliveries)) == 5 })
	if left, pending := h.unrouted(t); left+pending != 1 {
		t.Fatalf("%d unread and %d unacked events, want the one", left, pending)
	}
	h.limit(t, -1)
	h.routed(t)
	if got := h.receivers(t); len(got["e1"]) != 10 {
		t.Errorf("%d deliveries, want 10", len(got["e1"]))
	}
}

// limit makes DELIVERIES refuse what is over.
func (h *house) limit(t *testing.T, most int64) {
	t.Helper()
	s, err := h.bus.JS.Stream(t.Context(), bus.StreamDeliveries)
	if err != nil {
		t.Fatal(err)
	}
	cfg := s.CachedInfo().Config
	cfg.MaxMsgs = most
	if _, err := h.bus.JS.UpdateStream(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
}

// A stop gives back what could not be finished, and another goes on with it
// long before AckWait.
func TestStopGivesBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.wish(t, []string{"*"})
	h.limit(t, 5)
	stop := h.router(t, 50*time.Millisecond)
	const events = 300
	for i := range events {
		h.event(t, i)
	}
	testbed.Eventually(t, "DELIVERIES is full", func() bool { return len(testbed.Messages(t, h.bus.JS, bus.StreamDeliveries)) == 5 })
	begin := time.Now()
	stop()
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("the stop took %s", took)
	}
	h.limit(t, -1)
	h.router(t, time.Second)
	h.routed(t)
	if took := time.Since(begin); took > 15*time.Second {
		t.Errorf("the rest took %s, as long as AckWait", took)
	}
	h.once(t, events)
}

// once holds where each of the events made one delivery.
func (h *house) once(t *testing.T, events int) {
	t.Helper()
	got := h.receivers(t)
	if len(got) != events {
		t.Errorf("%d events made deliveries, want %d", len(got), events)
	}
	for id, subs := range got {
		if len(subs) != 1 {
			t.Errorf("event %s made %d deliveries", id, len(subs))
		}
	}
}

func TestRoutersShare(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.wish(t, []string{"*"})
	h.router(t, time.Second)
	stop := h.router(t, time.Second)
	const events = 500
	for i := range events {
		if i == events/2 {
			stop()
		}
		h.event(t, i)
	}
	h.routed(t)
	h.once(t, events)
}

// Without all subscriptions nothing is routed, and a stop does not wait for
// them.
func TestWaitsForSubscriptions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	deps := h.deps()
	loaded := make(chan struct{})
	deps.Current = func(ctx context.Context) error {
		select {
		case <-loaded:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	h.wish(t, []string{"*"})
	s, err := New(settings.Defaults[Config](), deps)
	if err != nil {
		t.Fatal(err)
	}
	run := func(ctx context.Context) error { return s.Run(ctx, time.Second) }
	testbed.Running(t, run)()
	testbed.Running(t, run)
	h.event(t, 1)
	testbed.Eventually(t, "the one event is left", func() bool { left, _ := h.unrouted(t); return left == 1 })
	close(loaded)
	h.routed(t)
	h.once(t, 1)
}

// An event that comes while the index is in doubt waits, and then finds a
// subscription that was made meanwhile.
func TestHoldsEventsWhileInDoubt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	deps := h.deps()
	var asked atomic.Int64
	sure := make(chan struct{})
	deps.Current = func(ctx context.Context) error {
		if asked.Add(1) == 1 {
			return nil // the router begins
		}
		select {
		case <-sure:
			return h.live.Watcher.Current(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s, err := New(settings.Defaults[Config](), deps)
	if err != nil {
		t.Fatal(err)
	}
	testbed.Running(t, func(ctx context.Context) error { return s.Run(ctx, time.Second) })
	h.event(t, 1)
	testbed.Eventually(t, "the router has the event", func() bool { return asked.Load() == 2 })
	h.wish(t, []string{"*"})
	close(sure)
	h.routed(t)
	h.once(t, 1)
}

// A fan-out whose deliveries would not fit in memory together is made in
// parts.
func TestFanOutInParts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const wishes = 30
	for range wishes {
		h.wish(t, []string{"*"})
	}
	cfg := settings.Defaults[Config]()
	cfg.PublishBytes = settings.MiB
	s, err := New(cfg, h.deps())
	if err != nil {
		t.Fatal(err)
	}
	testbed.Running(t, func(ctx context.Context) error { return s.Run(ctx, time.Second) })
	h.publish(t, "events.t.task.done", nil, `{"id":"e1","data":"`+strings.Repeat("x", 200<<10)+`"}`)
	h.routed(t)
	if got := h.receivers(t); len(got["e1"]) != wishes {
		t.Errorf("%d deliveries, want %d", len(got["e1"]), wishes)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	good := settings.Defaults[Config]()
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"router-prefetch":       func(c *Config) { c.Prefetch = 0 },
		"router-concurrency":    func(c *Config) { c.Concurrency = 0 },
		"router-prefetch-bytes": func(c *Config) { c.PrefetchBytes = 1 },
		"router-publish-bytes":  func(c *Config) { c.PublishBytes = 1 },
	} {
		cfg := good
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), name+":") {
			t.Errorf("%s: %v", name, err)
		}
	}
	cfg := good
	cfg.PrefetchBytes = settings.MiB
	if _, err := New(cfg, newHouse(t).deps()); err == nil || !strings.HasPrefix(err.Error(), "router-prefetch-bytes:") {
		t.Errorf("less ahead than one message: %v", err)
	}
}
