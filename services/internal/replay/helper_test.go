package replay

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/eventlog"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/bustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a NATS with events and a subscription of tenant t, for runners.
type house struct {
	nats  *testbed.NATS
	bus   *bus.Bus
	store *Store
	log   *testbed.Log

	mu       sync.Mutex
	sub      *posthastev1.Subscription // nil: removed
	outcomes map[string]string         // by delivery id
	troubles []error                   // of the next questions to the history
}

const subID = "evsub_1"

func newHouse(tb testing.TB) *house {
	tb.Helper()
	h := &house{nats: testbed.StartNATS(tb), outcomes: map[string]string{}, log: &testbed.Log{}}
	h.bus = h.connect(tb)
	var err error
	if h.store, err = NewStore(tb.Context(), h.bus); err != nil {
		tb.Fatal(err)
	}
	h.sub = &posthastev1.Subscription{
		Id: subID, Tenant: "t", EventTypes: []string{"task.*", "thread.message"},
		Status: posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_ACTIVE,
	}
	return h
}

func (h *house) connect(tb testing.TB) *bus.Bus {
	tb.Helper()
	return bustest.Connect(tb, h.nats.URL(), slog.New(slog.DiscardHandler))
}

// change changes the subscription, or removes it where f returns false.
func (h *house) change(f func(*posthastev1.Subscription) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !f(h.sub) {
		h.sub = nil
	}
}

func (h *house) subscription(_ context.Context, tenant, id string) (*subscription.Subscription, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sub == nil || h.sub.GetTenant() != tenant || h.sub.GetId() != id {
		return nil, subscription.ErrNotFound
	}
	return &subscription.Subscription{Subscription: proto.CloneOf(h.sub)}, nil
}

func (h *house) history(_ context.Context, tenant string, deliveries []string) (map[string]string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.troubles) > 0 {
		err := h.troubles[0]
		h.troubles = h.troubles[1:]
		return nil, err
	}
	found := map[string]string{}
	for _, d := range deliveries {
		if outcome, ok := h.outcomes[d]; ok && tenant == "t" {
			found[d] = outcome
		}
	}
	return found, nil
}

// match stands in for the router's: what is marked is filtered out.
func match(_ *subscription.Subscription, e *posthastev1.Event) bool {
	return !strings.Contains(string(e.GetData()), "unwanted")
}

func quick() Config {
	cfg := settings.Defaults[Config]()
	cfg.Batch = 50
	cfg.Lease = 900 * time.Millisecond
	return cfg
}

// runner makes a runner with a connection of its own.
func (h *house) runner(tb testing.TB, cfg Config) *Runner {
	tb.Helper()
	b := h.connect(tb)
	store, err := NewStore(tb.Context(), b)
	if err != nil {
		tb.Fatal(err)
	}
	r, err := NewRunner(cfg, Deps{
		Bus: b, Store: store, Events: eventlog.New(b, event.Limits{EventBytes: 256 << 10, BatchEvents: 1}),
		Subscription: h.subscription, Match: match, Outcomes: h.history,
		Log: slog.New(slog.NewTextHandler(h.log, nil)), Meter: noop.Meter{},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// publish publishes n events of tenant t; kind gives each its type and data.
func (h *house) publish(tb testing.TB, n int, kind func(i int) (eventType, data string)) {
	tb.Helper()
	publisher := h.bus.NewPublisher(1024, 64<<20)
	for at := 0; at < n; {
		msgs := make([]bus.Msg, min(1000, n-at))
		for i := range msgs {
			eventType, data := kind(at)
			msgs[i] = bus.Msg{Subject: "events.t." + eventType, ID: fmt.Sprint("m", at), Data: fmt.Appendf(nil, `{"id":"e%d","data":{"n":%d,"text":"%s"}}`, at+1, at, data)}
			at++
		}
		if err := publisher.PublishOnce(tb.Context(), msgs, nil); err != nil {
			tb.Fatal(err)
		}
	}
}

func tasks(int) (eventType, data string) { return "task.done", "" }

// begin stores a replay of all events, as changed, and returns its id.
func (h *house) begin(tb testing.TB, r *Runner, change ...func(*posthastev1.Replay)) string {
	tb.Helper()
	rec := &posthastev1.Replay{Id: NewID(time.Now()), Tenant: "t", SubscriptionId: subID, Status: running, CreatedAt: timestamppb.Now()}
	for _, c := range change {
		c(rec)
	}
	if err := r.Span(tb.Context(), rec); err != nil {
		tb.Fatal(err)
	}
	if err := h.store.Create(tb.Context(), rec); err != nil {
		tb.Fatal(err)
	}
	return rec.GetId()
}

func (h *house) get(tb testing.TB, id string) *posthastev1.Replay {
	tb.Helper()
	rec, err := h.store.Get(tb.Context(), "t", id)
	if err != nil {
		tb.Fatal(err)
	}
	return rec
}

// reaches waits until the replay is as wanted.
func (h *house) reaches(tb testing.TB, id, what string, holds func(*posthastev1.Replay) bool) *posthastev1.Replay {
	tb.Helper()
	var rec *posthastev1.Replay
	testbed.Eventually(tb, "the replay "+what, func() bool {
		var err error
		rec, err = h.store.Get(tb.Context(), "t", id)
		return err == nil && holds(rec) // NATS may be away for a moment
	})
	return rec
}

func (h *house) ends(tb testing.TB, id string) *posthastev1.Replay {
	tb.Helper()
	return h.reaches(tb, id, "ends", func(rec *posthastev1.Replay) bool { return rec.GetStatus() != running })
}

// delivered lists the events that the replay made deliveries of, in order of
// their making.
func (h *house) delivered(tb testing.TB, id string) []string {
	tb.Helper()
	return h.rounds(tb)[id]
}

// rounds lists the events that deliveries were made of, by replay. Each is
// checked.
func (h *house) rounds(tb testing.TB) map[string][]string {
	tb.Helper()
	events := make(map[string][]string)
	for _, msg := range h.stored(tb) {
		d, err := delivery.Decode(msg.Data)
		if err != nil {
			tb.Fatal(err)
		}
		if msg.Subject != "deliveries.due.t."+subID || msg.Header.Get(jetstream.MsgIDHeader) != d.GetId()+":"+d.GetRound() ||
			d.GetId() != delivery.ID(d.GetEvent(), subID) || d.GetSubscriptionId() != subID || d.GetAttempt() != 1 ||
			d.GetEvent().GetId() != fmt.Sprint("e", d.GetSequence()) || d.GetCreatedAt() == nil || d.NotBefore != nil {
			tb.Errorf("delivery on %s: %v", msg.Subject, d)
		}
		events[d.GetRound()] = append(events[d.GetRound()], d.GetEvent().GetId())
	}
	return events
}

// stored are the messages of DELIVERIES. A consumer of a work queue would take
// them away, and one by one takes long.
func (h *house) stored(tb testing.TB) []*jetstream.RawStreamMsg {
	tb.Helper()
	return testbed.Messages(tb, h.bus.JS, bus.StreamDeliveries)
}

func (h *house) deliveries(tb testing.TB) int {
	tb.Helper()
	stream, err := h.bus.JS.Stream(tb.Context(), bus.StreamDeliveries)
	if err != nil {
		tb.Fatal(err)
	}
	return int(stream.CachedInfo().State.Msgs)
}

// numbered are the ids of events from first to last.
func numbered(first, last int) []string {
	var ids []string
	for i := first; i <= last; i++ {
		ids = append(ids, fmt.Sprint("e", i))
	}
	return ids
}

func equal(tb testing.TB, got, want []string) {
	tb.Helper()
	if !slices.Equal(got, want) {
		tb.Errorf("%d deliveries, want %d:\n%v\n%v", len(got), len(want), got, want)
	}
}
