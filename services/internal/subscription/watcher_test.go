package subscription

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

func TestWatcherFollows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	there := w.create(t, &posthastev1.Subscription{Tenant: "a", EventTypes: []string{"x"}, Status: active})
	index, watcher := w.watch(t)
	<-watcher.Loaded()
	if err := watcher.Ready(ctx); err != nil || index.Len() != 1 {
		t.Fatalf("%d loaded, %v", index.Len(), err)
	}
	later := w.create(t, &posthastev1.Subscription{Tenant: "a", EventTypes: []string{"x"}, Status: active})
	if err := watcher.Await(ctx, later.Revision); err != nil || len(matched(index, "a", "x")) != 2 {
		t.Errorf("created: %v, %v", matched(index, "a", "x"), err)
	}
	s, _, err := w.store.Disable(ctx, "a", there.GetId(), DisabledRequested, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := watcher.Await(ctx, s.Revision); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{later.GetId()}, matched(index, "a", "x")); diff != "" {
		t.Errorf("disabled: %s", diff)
	}
	// Others write in between, so the removal is not the next revision.
	w.create(t, &posthastev1.Subscription{Tenant: "b", Status: active})
	if _, err := w.store.Delete(ctx, "a", later.GetId()); err != nil {
		t.Fatal(err)
	}
	if err := watcher.AwaitRemoved(ctx, later.GetId()); err != nil || len(matched(index, "a", "x")) != 0 {
		t.Errorf("removed: %v, %v", matched(index, "a", "x"), err)
	}
}

func TestAwaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	index := NewIndex()
	index.put(sub("s", 1, "x"))
	watcher := NewWatcher(newWorld(t).store, index, slog.New(slog.DiscardHandler))
	if watcher.Ready(t.Context()) == nil {
		t.Error("ready without having loaded")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := watcher.Await(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := watcher.AwaitRemoved(ctx, "s"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestUnreadableIsLeftOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.raw(t).Put(t.Context(), "a.evsub_bad", []byte{0xff}); err != nil {
		t.Fatal(err)
	}
	good := w.create(t, &posthastev1.Subscription{Tenant: "a", EventTypes: []string{"x"}, Status: active})
	index, watcher := w.watch(t)
	<-watcher.Loaded()
	if diff := cmp.Diff([]string{good.GetId()}, ids(index.List("a"))); diff != "" {
		t.Error(diff)
	}
}

// What changes while the watcher is cut off is found when it is back.
func TestWatcherSurvivesARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gone := w.create(t, &posthastev1.Subscription{Tenant: "a", EventTypes: []string{"x"}, Status: active})
	stays := w.create(t, &posthastev1.Subscription{Tenant: "a", EventTypes: []string{"x"}, Status: active})
	index, watcher := w.watch(t)
	<-watcher.Loaded()
	w.nats.Stop()
	testbed.Eventually(t, "the connection is lost", func() bool { return !w.bus.Connected() })
	if len(matched(index, "a", "x")) != 2 {
		t.Error("the index forgot what it held")
	}
	testbed.Eventually(t, "the index is doubted", func() bool { return !isCurrent(t, watcher) })
	waited := make(chan error, 1)
	go func() { waited <- watcher.Current(t.Context()) }()
	w.nats.Start(t)
	testbed.Eventually(t, "the connection is back", w.bus.Connected)
	testbed.Eventually(t, "a removal", func() bool {
		_, err := w.store.Delete(t.Context(), "a", gone.GetId())
		return err == nil || errors.Is(err, ErrNotFound)
	})
	added := w.create(t, &posthastev1.Subscription{Tenant: "a", EventTypes: []string{"x"}, Status: active})
	testbed.Eventually(t, "the index follows again", func() bool {
		return cmp.Equal(ids([]*Subscription{stays, added}), matched(index, "a", "x"))
	})
	if err := <-waited; err != nil {
		t.Error(err)
	}
}

func isCurrent(t *testing.T, w *Watcher) bool {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// Both may be ready, and select picks either: not current is what it
	// never says of an index that is.
	for range 100 {
		if w.Current(ctx) == nil {
			return true
		}
	}
	return false
}

// A watcher that was not there when something was removed, and whose marker is
// gone too, drops it with the next full reading.
func TestMissedRemoval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	index := NewIndex()
	index.put(sub("evsub_missed", 1, "x"))
	watcher := NewWatcher(w.store, index, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- watcher.Run(ctx) }()
	<-watcher.Loaded()
	if index.Len() != 0 {
		t.Error("what the bucket does not hold is still there")
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
