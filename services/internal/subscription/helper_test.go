package subscription

import (
	"context"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/embedded"
	"github.com/posthaste/posthaste/services/internal/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	active   = posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_ACTIVE
	disabled = posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_DISABLED
)

// sub is an active subscription of tenant "a".
func sub(id string, revision uint64, types ...string) *Subscription {
	return newSubscription(&posthastev1.Subscription{Id: id, Tenant: "a", EventTypes: types, Status: active}, revision)
}

// matched are the ids of what Match finds, sorted, repeats included.
func matched(x *Index, tenant, eventType string) []string {
	return ids(x.Match(tenant, eventType, nil))
}

// world is a bucket on a server of its own, and how to restart that.
type world struct {
	dir, addr string
	nats      *embedded.NATS
	bus       *bus.Bus
	store     *Store
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), addr: "127.0.0.1:0"}
	w.startNATS(t)
	t.Cleanup(func() { _ = w.nats.Close() })
	cfg := settings.Defaults[bus.Config]()
	cfg.NATSURL = settings.SecretURL(w.nats.URL())
	var err error
	if w.bus, err = bus.Connect(t.Context(), cfg, "test", slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.bus.Close)
	if w.store, err = NewStore(t.Context(), w.bus); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) startNATS(t *testing.T) {
	t.Helper()
	n, err := embedded.StartNATS(w.dir, w.addr, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w.nats = n
}

// watch keeps an index until the test ends.
func (w *world) watch(t *testing.T) (*Index, *Watcher) {
	t.Helper()
	index := NewIndex()
	watcher := NewWatcher(w.store, index, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- watcher.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return index, watcher
}

func (w *world) create(t *testing.T, pb *posthastev1.Subscription) *Subscription {
	t.Helper()
	if pb.GetId() == "" {
		pb.Id = NewID(time.Now())
	}
	s, err := w.store.Create(t.Context(), pb)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("waited in vain: %s", what)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

func nth(prefix string, i int) string { return prefix + strconv.Itoa(i) }
