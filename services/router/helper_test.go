package router

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/embedded"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// house is a NATS with subscriptions, for routers.
type house struct {
	bus  *bus.Bus
	live *subscription.Live
}

func newHouse(t *testing.T, change ...func(*bus.Config)) *house {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	n, err := embedded.StartNATS(t.TempDir(), "127.0.0.1:0", log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	cfg := settings.Defaults[bus.Config]()
	cfg.NATSURL = settings.SecretURL(n.URL())
	for _, c := range change {
		c(&cfg)
	}
	h := &house{}
	if h.bus, err = bus.Connect(t.Context(), cfg, "test", log); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.bus.Close)
	if h.live, err = subscription.Open(t.Context(), h.bus, log); err != nil {
		t.Fatal(err)
	}
	running(t, h.live.Watcher.Run)
	return h
}

// running runs f until the test ends or stop is called.
func running(t *testing.T, f func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			select {
			case err := <-done:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(patience):
				t.Error("it does not return")
			}
		})
	}
	t.Cleanup(stop)
	return stop
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
	return running(t, func(ctx context.Context) error { return s.Run(ctx, grace) })
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

// routed waits until no event is unrouted.
func (h *house) routed(t *testing.T) {
	t.Helper()
	eventually(t, "all events are routed", func() bool {
		left, pending := h.unrouted(t)
		return left == 0 && pending == 0
	})
}

func (h *house) unrouted(t *testing.T) (left, pending int) {
	t.Helper()
	c, err := h.bus.JS.Consumer(t.Context(), bus.StreamEvents, bus.ConsumerRouter)
	if err != nil {
		t.Fatal(err)
	}
	return int(c.CachedInfo().NumPending), c.CachedInfo().NumAckPending
}

// stored lists the messages of a stream.
func (h *house) stored(t *testing.T, name string) []*jetstream.RawStreamMsg {
	t.Helper()
	s, err := h.bus.JS.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	var msgs []*jetstream.RawStreamMsg
	for seq := range s.CachedInfo().State.LastSeq {
		msg, err := s.GetMsg(t.Context(), seq+1)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		msgs = append(msgs, msg)
	}
	return msgs
}

// receivers lists the subscriptions of the deliveries made, by event id.
func (h *house) receivers(t *testing.T) map[string][]string {
	t.Helper()
	got := map[string][]string{}
	for _, msg := range h.stored(t, bus.StreamDeliveries) {
		d := decoded(t, msg)
		if want := "deliveries.fresh.t." + d.GetSubscriptionId(); msg.Subject != want {
			t.Errorf("a delivery lies on %s, want %s", msg.Subject, want)
		}
		got[d.GetEvent().GetId()] = append(got[d.GetEvent().GetId()], d.GetSubscriptionId())
	}
	return got
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("waited in vain: %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func repeat(s string, n int) string { return strings.Repeat(s, n) }
