package replay

import (
	"maps"
	"sync"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/kv"
)

// board is the memory of a kv.Mirror: the replays that run, by key.
type board struct {
	mu      sync.Mutex
	running map[string]*posthastev1.Replay
	// changed has a token where something did since it was last taken.
	changed chan struct{}
}

func newBoard() *board {
	return &board{running: make(map[string]*posthastev1.Replay), changed: make(chan struct{}, 1)}
}

// list are the replays that run. Nobody changes them.
func (b *board) list() map[string]*posthastev1.Replay {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.running)
}

// Put is for the Mirror, which tells of changes in their order.
func (b *board) Put(key string, value []byte, _ uint64) error {
	rec, err := kv.Decode[*posthastev1.Replay](value)
	if err != nil {
		return err
	}
	b.change(func() {
		if rec.GetStatus() == running {
			b.running[key] = rec
		} else {
			delete(b.running, key)
		}
	})
	return nil
}

// Remove is for the Mirror.
func (b *board) Remove(key string, _ uint64) {
	b.change(func() { delete(b.running, key) })
}

// Retain is for the Mirror.
func (b *board) Retain(keys map[string]struct{}) {
	b.change(func() {
		maps.DeleteFunc(b.running, func(key string, _ *posthastev1.Replay) bool {
			_, ok := keys[key]
			return !ok
		})
	})
}

func (b *board) change(do func()) {
	b.mu.Lock()
	do()
	b.mu.Unlock()
	select {
	case b.changed <- struct{}{}:
	default:
	}
}
