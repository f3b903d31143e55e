package subscription

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/internal/bus"
)

// Watcher keeps an Index like the bucket.
type Watcher struct {
	store *Store
	index *Index
	log   *slog.Logger

	loaded   chan struct{} // closed when the index first held all
	loadOnce sync.Once
	applied  atomic.Uint64 // the last revision seen; written by Run alone
	// current holds a channel that is closed while the index is known to be
	// like the bucket. Run replaces and closes it.
	current atomic.Pointer[chan struct{}]
}

// NewWatcher makes a watcher of the store's bucket that fills index.
func NewWatcher(store *Store, index *Index, log *slog.Logger) *Watcher {
	w := &Watcher{store: store, index: index, log: log, loaded: make(chan struct{})}
	w.doubt()
	return w
}

// doubt says that changes may have been missed. What is doubted already stays
// so, with those who wait for its end.
func (w *Watcher) doubt() {
	if now := w.current.Load(); now != nil {
		select {
		case <-*now:
		default:
			return
		}
	}
	open := make(chan struct{})
	w.current.Store(&open)
}

// Current returns when the index is known to be like the bucket, or ctx ends.
// It is not from when the connection is lost until all has been read again: an
// event that is matched in between would miss a subscription that was made
// meanwhile.
func (w *Watcher) Current(ctx context.Context) error {
	select {
	case <-*w.current.Load():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the subscriptions: %w", ctx.Err())
	}
}

// Loaded is closed as soon as the index has held every subscription.
func (w *Watcher) Loaded() <-chan struct{} { return w.loaded }

// Ready is nil once the index has held every subscription.
func (w *Watcher) Ready(context.Context) error {
	select {
	case <-w.loaded:
		return nil
	default:
		return fmt.Errorf("subscriptions are being loaded, %d so far", w.index.Len())
	}
}

// Run keeps the index until ctx ends. A watch that breaks off is begun anew,
// and what was removed meanwhile is found.
func (w *Watcher) Run(ctx context.Context) error {
	policy := bus.BackOff(bus.FirstWait)
	for ctx.Err() == nil {
		if err := w.watch(ctx, policy.Reset); ctx.Err() == nil {
			w.rest(ctx, err, policy.NextBackOff())
		}
	}
	return nil
}

// rest waits before the next watch.
func (w *Watcher) rest(ctx context.Context, why error, pause time.Duration) {
	w.log.Warn("subscription watch ended; beginning again", "error", why, "retry_in", pause.Round(time.Millisecond))
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	}
}

// errReconnected ends a watch. A server that was restarted has forgotten its
// consumer, which the client notices only after 20 s of silence (measured);
// reading all again costs 0.6 s for 100,000 subscriptions.
var errReconnected = errors.New("NATS was reconnected")

func (w *Watcher) watch(ctx context.Context, healthy func()) error {
	connection := w.store.conn.StatusChanged(nats.RECONNECTING, nats.CONNECTED) // before the watch, to miss nothing
	defer w.store.conn.RemoveStatusListener(connection)
	defer w.doubt()
	watcher, err := w.store.kv.WatchAll(ctx)
	if err != nil {
		return fmt.Errorf("watch subscriptions: %w", err)
	}
	defer func() {
		if err := watcher.Stop(); err != nil && ctx.Err() == nil {
			w.log.Debug("stop subscription watch", "error", err)
		}
	}()
	seen := make(map[string]struct{})
	for {
		select {
		case <-ctx.Done():
			return nil
		case status := <-connection:
			w.doubt()
			return reconnected(ctx, status, connection)
		case entry, open := <-watcher.Updates():
			switch {
			case !open:
				return errors.New("watch subscriptions: closed by the client")
			case entry == nil: // everything that was there has come
				w.index.retain(seen)
				seen = nil
				w.loadOnce.Do(func() { close(w.loaded) })
				close(*w.current.Load())
				healthy()
			default:
				w.apply(entry, seen)
			}
		}
	}
}

// reconnected waits for the connection that was lost.
func reconnected(ctx context.Context, status nats.Status, changes <-chan nats.Status) error {
	for status != nats.CONNECTED {
		select {
		case <-ctx.Done():
			return nil
		case status = <-changes:
		}
	}
	return errReconnected
}

func (w *Watcher) apply(entry jetstream.KeyValueEntry, seen map[string]struct{}) {
	_, id, _ := strings.Cut(entry.Key(), ".")
	if entry.Operation() != jetstream.KeyValuePut {
		w.index.remove(id, entry.Revision())
	} else if s, err := decode(entry.Value(), entry.Revision()); err != nil {
		w.log.Error("subscription cannot be read; it gets no events", "key", entry.Key(), "error", err)
	} else {
		w.index.put(s)
		if seen != nil {
			seen[id] = struct{}{}
		}
	}
	w.applied.Store(entry.Revision())
}

// awaitStep is how often Await looks; a change comes back in under a
// millisecond as a rule, and changes are rare.
const awaitStep = 500 * time.Microsecond

// Await returns when the index holds what was written as revision, or ctx
// ends. Control answers a change only then, so that whoever made it finds it
// done.
func (w *Watcher) Await(ctx context.Context, revision uint64) error {
	for w.applied.Load() < revision {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for revision %d of the subscriptions: %w", revision, ctx.Err())
		case <-time.After(awaitStep):
		}
	}
	return nil
}

// AwaitRemoved returns when the index does not hold the subscription any more,
// or ctx ends.
func (w *Watcher) AwaitRemoved(ctx context.Context, id string) error {
	for {
		if _, ok := w.index.Get(id); !ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the removal of subscription %s: %w", id, ctx.Err())
		case <-time.After(awaitStep):
		}
	}
}
