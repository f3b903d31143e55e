package subscription

import (
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/bustest"
	"github.com/posthaste/posthaste/services/internal/testbed/sealedtest"
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
	return ids(x.Match(tenant, eventType, nil, nil))
}

// world is a bucket on a server of its own, and how to restart that.
type world struct {
	nats  *testbed.NATS
	bus   *bus.Bus
	store *Store
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{nats: testbed.StartNATS(t)}
	w.bus = bustest.Connect(t, w.nats.URL(), slog.New(slog.DiscardHandler))
	var err error
	if w.store, err = NewStore(t.Context(), w.bus, sealedtest.Keys(t)); err != nil {
		t.Fatal(err)
	}
	return w
}

// raw is the bucket itself.
func (w *world) raw(t *testing.T) jetstream.KeyValue {
	t.Helper()
	kv, err := w.bus.JS.KeyValue(t.Context(), bus.BucketSubscriptions)
	if err != nil {
		t.Fatal(err)
	}
	return kv
}

// watch keeps an index until the test ends.
func (w *world) watch(t *testing.T) (*Index, *Watcher) {
	t.Helper()
	index := NewIndex()
	watcher := NewWatcher(w.store, index, slog.New(slog.DiscardHandler))
	testbed.Running(t, watcher.Run)
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

func nth(prefix string, i int) string { return prefix + strconv.Itoa(i) }
