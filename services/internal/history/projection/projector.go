package projection

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/metric"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/history"
	"github.com/posthaste/posthaste/services/internal/pressure"
)

// Projector takes the records of ATTEMPTS into a store. Any number share the
// work.
type Projector struct {
	bus     *bus.Bus
	store   *history.Store
	apply   func(context.Context, []*posthastev1.Attempt) error
	busy    func() bool
	log     *slog.Logger
	metrics *metrics
}

// New makes a projector from b into s.
func New(b *bus.Bus, s *history.Store, log *slog.Logger, meter metric.Meter) (*Projector, error) {
	m, err := newMetrics(meter)
	if err != nil {
		return nil, err
	}
	return &Projector{bus: b, store: s, apply: s.Apply, busy: pressure.New().Busy, log: log, metrics: m}, nil
}

const (
	// maxAckPending is how many records all projectors hold together. One
	// holds four batches at the most.
	maxAckPending = 8192
	// prefetchBytes bounds what one holds beyond its batch.
	prefetchBytes = 16 << 20
	// gatherTime is how long the first record of a batch waits for others.
	gatherTime = 200 * time.Millisecond
	// pruneEvery and lookEvery pass between two prunings and two looks at how
	// much is left to do.
	pruneEvery = 5 * time.Minute
	lookEvery  = 10 * time.Second
)

func consumer(b *bus.Bus) bus.Consumer {
	return bus.Consumer{Stream: bus.StreamAttempts, Name: bus.ConsumerHistory, MaxAckPending: maxAckPending, AckWait: b.AckWait()}
}

// Run projects until ctx ends, and then gives back what is not committed. A
// record is acked after its commit. While the database or NATS is away it
// waits, with a few batches in memory and the rest in the stream.
func (p *Projector) Run(ctx context.Context) error {
	if err := p.bus.EnsureConsumer(ctx, consumer(p.bus)); err != nil {
		if bus.Refused(err) {
			return fmt.Errorf("project history: %w", err)
		}
		p.log.Warn("history consumer not made; trying again", "error", err) // Consume does
	}
	p.warn(ctx)
	incoming := make(chan jetstream.Msg)
	var beside sync.WaitGroup
	beside.Go(func() { p.project(ctx, incoming) })
	beside.Go(func() { every(ctx, lookEvery, p.look) })
	beside.Go(func() { every(ctx, pruneEvery, p.prune) })
	opts := bus.ConsumeOptions{
		Prefetch:      2 * p.store.Batch(),
		PrefetchBytes: int(max(prefetchBytes, 2*p.bus.MaxPayload())),
	}
	err := p.bus.Consume(ctx, bus.StreamAttempts, bus.ConsumerHistory, opts, func(msg jetstream.Msg) { incoming <- msg })
	close(incoming)
	beside.Wait()
	return err
}

// warn tells of another projector where the database is a file: unless they
// share it each would have a part of the history.
func (p *Projector) warn(ctx context.Context) {
	if !p.store.Local() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	c, err := p.bus.JS.Consumer(ctx, bus.StreamAttempts, bus.ConsumerHistory)
	if err == nil && c.CachedInfo().NumWaiting > 0 {
		p.log.Warn("another process feeds a history too; unless it has the same file, each gets a part of the records. Give all controls one PostgreSQL (database-url)")
	}
}

// every does something at once, and again after each pause until ctx ends.
func every(ctx context.Context, pause time.Duration, do func(context.Context)) {
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for ctx.Err() == nil {
		do(ctx)
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// look tells how many records wait in the stream.
func (p *Projector) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	c, err := p.bus.JS.Consumer(ctx, bus.StreamAttempts, bus.ConsumerHistory)
	if err != nil {
		p.log.Debug("look at the history consumer", "error", err)
		return
	}
	p.metrics.lag.Record(ctx, int64(c.CachedInfo().NumPending))
}

func (p *Projector) prune(ctx context.Context) {
	removed, err := p.store.Prune(ctx, time.Now())
	if err != nil && ctx.Err() == nil {
		p.log.Warn("history not pruned; trying again later", "error", err)
	}
	if removed > 0 {
		p.log.Info("history pruned", "deliveries", removed)
	}
}
