package subscription

import (
	"context"
	"log/slog"
	"strings"

	"github.com/posthaste/posthaste/services/internal/kv"
)

// Watcher keeps an Index like the bucket.
type Watcher struct {
	*kv.Mirror
	index *Index
}

// NewWatcher makes a watcher of the store's bucket that fills index.
func NewWatcher(store *Store, index *Index, log *slog.Logger) *Watcher {
	return &Watcher{Mirror: kv.NewMirror(store.bucket, memory{index, store.box, log}, log), index: index}
}

// AwaitRemoved returns when the index does not hold the subscription any more,
// or ctx ends.
func (w *Watcher) AwaitRemoved(ctx context.Context, id string) error {
	return w.AwaitUntil(ctx, func() bool { _, ok := w.index.Get(id); return !ok })
}

// memory is the index as a mirror sees it.
type memory struct {
	index *Index
	box   box
	log   *slog.Logger
}

// Put leaves secrets sealed. Who has no keys for them does not hold them at all.
func (m memory) Put(_ string, value []byte, revision uint64) error {
	s, err := decode(value, revision)
	if err != nil {
		return err
	}
	if m.box.keys == nil {
		m.box.strip(s.Subscription)
		s.Sealed = nil
	}
	if broken := s.FilterErr(); broken != nil {
		m.log.Error("the filter of a subscription cannot be read; it gets no events", "subscription", s.GetId(), "error", broken)
	}
	m.index.put(s)
	return nil
}

func (m memory) Remove(key string, revision uint64) { m.index.remove(idOf(key), revision) }

func (m memory) Retain(keys map[string]struct{}) {
	ids := make(map[string]struct{}, len(keys))
	for key := range keys {
		ids[idOf(key)] = struct{}{}
	}
	m.index.retain(ids)
}

// idOf is the id in the key <tenant>.<id>.
func idOf(key string) string {
	_, id, _ := strings.Cut(key, ".")
	return id
}
