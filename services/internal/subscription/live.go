package subscription

import (
	"context"
	"log/slog"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/sealed"
)

// Live is the store with an index that is kept like it.
type Live struct {
	Store   *Store
	Index   *Index
	Watcher *Watcher
}

// Open opens the store. The index fills once the Watcher runs. With nil for
// keys it holds no secrets, not even sealed.
func Open(ctx context.Context, b *bus.Bus, keys *sealed.Keys, log *slog.Logger) (*Live, error) {
	store, err := NewStore(ctx, b, keys)
	if err != nil {
		return nil, err
	}
	index := NewIndex()
	return &Live{Store: store, Index: index, Watcher: NewWatcher(store, index, log)}, nil
}
