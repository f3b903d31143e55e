package subscription

import (
	"context"
	"log/slog"

	"github.com/posthaste/posthaste/services/internal/bus"
)

// Live is the store with an index that is kept like it.
type Live struct {
	Store   *Store
	Index   *Index
	Watcher *Watcher
}

// Open opens the store. The index fills once the Watcher runs.
func Open(ctx context.Context, b *bus.Bus, log *slog.Logger) (*Live, error) {
	store, err := NewStore(ctx, b)
	if err != nil {
		return nil, err
	}
	index := NewIndex()
	return &Live{Store: store, Index: index, Watcher: NewWatcher(store, index, log)}, nil
}
