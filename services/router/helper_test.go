package router

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/bustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a NATS with subscriptions, for routers.
type house struct {
	bus  *bus.Bus
	live *subscription.Live
}

func newHouse(t *testing.T, change ...func(*bus.Config)) *house {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	h := &house{bus: bustest.Connect(t, testbed.StartNATS(t).URL(), log, change...)}
	var err error
	if h.live, err = subscription.Open(t.Context(), h.bus, nil, log); err != nil {
		t.Fatal(err)
	}
	testbed.Running(t, h.live.Watcher.Run)
	return h
}

func (h *house) deps() Deps {
	return Deps{
		Bus: h.bus, Event: settings.Defaults[event.Config](), Index: h.live.Index, Current: h.live.Watcher.Current,
		Log: slog.New(slog.DiscardHandler), Meter: noop.Meter{},
	}
}

// router starts a router that finishes within the grace.
func (h *house) router(t *testing.T, grace time.Duration) (stop func()) {
	t.Helper()
	s, err := New(settings.Defaults[Config](), h.deps())
	if err != nil {
		t.Fatal(err)
	}
	return testbed.Running(t, func(ctx context.Context) error { return s.Run(ctx, grace) })
}

// wish makes a subscription of tenant t and returns its id.
func (h *house) wish(t *testing.T, types []string, change ...func(*posthastev1.Subscription)) string {
	t.Helper()
	pb := &posthastev1.Subscription{
		Id: subscription.NewID(time.Now()), Tenant: "t", Url: "https://example.com", EventTypes: types,
		Status: posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_ACTIVE, CreatedAt: timestamppb.Now(),
	}
	for _, c := range change {
		c(pb)
	}
	sub, err := h.live.Store.Create(t.Context(), pb)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.live.Watcher.Await(t.Context(), sub.Revision); err != nil {
		t.Fatal(err)
	}
	return pb.GetId()
}

// publish publishes as any NATS client does, and returns the sequence.
func (h *house) publish(t *testing.T, subject string, header nats.Header, data string) uint64 {
	t.Helper()
	ack, err := h.bus.JS.PublishMsg(t.Context(), &nats.Msg{Subject: subject, Header: header, Data: []byte(data)})
	if err != nil {
		t.Fatal(err)
	}
	return ack.Sequence
}

func (h *house) event(t *testing.T, i int) {
	t.Helper()
	h.publish(t, "events.t.task.done", nil, fmt.Sprintf(`{"id":"e%d","data":{"n":%d}}`, i, i))
}

// routed waits until all that was published is routed. The consumer hears of
// a message a moment after the stream has it: until then nothing seems left.
func (h *house) routed(t *testing.T) {
	t.Helper()
	events, err := h.bus.JS.Stream(t.Context(), bus.StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	last := events.CachedInfo().State.LastSeq
	testbed.Eventually(t, "all events are routed", func() bool {
		info := h.consumer(t)
		return info.NumPending == 0 && info.NumAckPending == 0 && info.AckFloor.Stream >= last
	})
}

func (h *house) unrouted(t *testing.T) (left, pending int) {
	t.Helper()
	info := h.consumer(t)
	return int(info.NumPending), info.NumAckPending
}

// consumer is how far the routers are.
func (h *house) consumer(t *testing.T) *jetstream.ConsumerInfo {
	t.Helper()
	c, err := h.bus.JS.Consumer(t.Context(), bus.StreamEvents, bus.ConsumerRouter)
	if err != nil {
		t.Fatal(err)
	}
	return c.CachedInfo()
}

// receivers lists the subscriptions of the deliveries made, by event id.
func (h *house) receivers(t *testing.T) map[string][]string {
	t.Helper()
	got := map[string][]string{}
	for _, msg := range testbed.Messages(t, h.bus.JS, bus.StreamDeliveries) {
		d := decoded(t, msg)
		if want := "deliveries.fresh.t." + d.GetSubscriptionId(); msg.Subject != want {
			t.Errorf("a delivery lies on %s, want %s", msg.Subject, want)
		}
		got[d.GetEvent().GetId()] = append(got[d.GetEvent().GetId()], d.GetSubscriptionId())
	}
	return got
}

func repeat(s string, n int) string { return strings.Repeat(s, n) }
