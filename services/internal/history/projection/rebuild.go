package projection

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/metric/noop"
	"golang.org/x/sync/errgroup"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/history"
)

// progressEvery passes between two words of how far a rebuild is.
const progressEvery = 100 * time.Millisecond

// Rebuild drops the history and projects ATTEMPTS anew from its start. It
// returns when all that was in the stream when it began is back. What is older
// than the stream is lost. Projectors may run meanwhile, here and elsewhere:
// they share the work. progress, where not nil, is told how many records are
// done of how many.
func Rebuild(ctx context.Context, b *bus.Bus, s *history.Store, log *slog.Logger, progress func(done, total uint64)) error {
	// First the content, then the consumer: what a projector commits and acks
	// in between comes again from the new consumer. The other way round it
	// could be dropped after its ack.
	if err := s.Reset(ctx); err != nil {
		return fmt.Errorf("rebuild history: %w", err)
	}
	if err := b.JS.DeleteConsumer(ctx, bus.StreamAttempts, bus.ConsumerHistory); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return fmt.Errorf("rebuild history: delete consumer %s: %w", bus.ConsumerHistory, err)
	}
	stream, err := b.JS.Stream(ctx, bus.StreamAttempts)
	if err != nil {
		return fmt.Errorf("rebuild history: %w", err)
	}
	p, err := New(b, s, log, noop.Meter{})
	if err != nil {
		return err
	}
	state := stream.CachedInfo().State
	r := &rebuild{bus: b, first: max(1, state.FirstSeq), last: state.LastSeq, progress: progress}
	return r.run(ctx, p)
}

// rebuild follows the consumer from the first to the last of the stream.
type rebuild struct {
	bus         *bus.Bus
	first, last uint64
	progress    func(done, total uint64)
}

func (r *rebuild) run(ctx context.Context, p *Projector) error {
	group, ctx := errgroup.WithContext(ctx)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	group.Go(func() error { return p.Run(ctx) })
	group.Go(func() error {
		defer stop() // the projector's work here is done
		return r.await(ctx)
	})
	return group.Wait()
}

// await returns when everything has been projected.
func (r *rebuild) await(ctx context.Context) error {
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	for {
		floor := r.floor(ctx)
		r.tell(floor)
		if floor >= r.last {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("rebuild history: stopped at record %d of %d: %w", floor, r.last, ctx.Err())
		case <-ticker.C:
		}
	}
}

// floor is the place in the stream up to which all is projected; 0 where that
// is not known now, as while NATS is away or the consumer not made yet.
func (r *rebuild) floor(ctx context.Context) uint64 {
	if r.first > r.last {
		return r.last // the stream is empty
	}
	c, err := r.bus.JS.Consumer(ctx, bus.StreamAttempts, bus.ConsumerHistory)
	if err != nil {
		return 0
	}
	info := c.CachedInfo()
	if info.NumPending == 0 && info.NumAckPending == 0 {
		return r.last // also where the last of them have expired
	}
	return info.AckFloor.Stream
}

func (r *rebuild) tell(floor uint64) {
	if r.progress == nil {
		return
	}
	end := r.last + 1 // first is no greater: that of an empty stream comes next
	r.progress(min(max(floor+1, r.first), end)-r.first, end-r.first)
}
