package bus

import (
	"context"
	"sync/atomic"
	"time"
)

// Backlog knows about how much of a stream a durable consumer has still to
// hand out. Between two looks what this process adds counts too, so that a burst
// of its own shows at once. Safe for concurrent use.
type Backlog struct {
	bus             *Bus
	stream, durable string

	pending atomic.Int64 // as of the last look
	added   atomic.Int64 // since then
}

// backlogEvery is how often it looks while there is something to see.
const backlogEvery = 50 * time.Millisecond

// NewBacklog makes one; Run keeps it.
func (b *Bus) NewBacklog(stream, durable string) *Backlog {
	return &Backlog{bus: b, stream: stream, durable: durable}
}

// Add counts what this process is about to publish.
func (b *Backlog) Add(n int) { b.added.Add(int64(n)) }

// Pending is about how many messages wait.
func (b *Backlog) Pending() int64 { return b.pending.Load() + b.added.Load() }

// Run looks until ctx ends. While JetStream does not answer the last word
// stands.
func (b *Backlog) Run(ctx context.Context) error {
	ticker := time.NewTicker(backlogEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if b.added.Load() > 0 || b.pending.Load() > 0 {
				b.look(ctx)
			}
		}
	}
}

func (b *Backlog) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	added := b.added.Load()
	consumer, err := b.bus.JS.Consumer(ctx, b.stream, b.durable)
	if err != nil {
		return
	}
	b.pending.Store(int64(consumer.CachedInfo().NumPending)) // of this moment
	b.added.Add(-added)
}
