package router

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/share"
	"github.com/posthaste/posthaste/services/internal/workers"
)

// express takes events out of their turn. EVENTS is one queue for all: behind
// 100,000 events of one tenant everybody's next would wait until they are
// routed. So while many wait, routers run ahead through the queue and route at
// once what is of tenants with little. The others' they skip, which is many times
// cheaper than to route it.
//
// Each event comes up in its turn too. This router remembers what it has routed
// and acks it; another one, or one that has died in between, makes the same
// deliveries again, and the stream knows their ids.
type express struct {
	*Service
	most    int64
	place   atomic.Uint64 // of the event that was read last in turn
	waiting atomic.Int64  // events behind it
	shares  *share.Shares

	mu     sync.Mutex
	routed map[uint64]struct{} // places in EVENTS
}

const (
	// lookEvery is how often it is looked whether many wait.
	lookEvery = 20 * time.Millisecond
	// mostRouted bounds what is remembered. What is forgotten is published again,
	// and dropped by the stream.
	mostRouted = 200_000
)

func newExpress(s *Service, most int64) *express {
	return &express{Service: s, most: most, shares: share.New(), routed: make(map[uint64]struct{})}
}

// passed notes what comes in turn, and says whether it was routed before.
func (x *express) passed(meta *jetstream.MsgMetadata) bool {
	x.place.Store(meta.Sequence.Stream)
	x.waiting.Store(int64(meta.NumPending))
	x.mu.Lock()
	defer x.mu.Unlock()
	_, ok := x.routed[meta.Sequence.Stream]
	delete(x.routed, meta.Sequence.Stream)
	return ok
}

// run rides whenever many wait, until ctx ends. What is under way then ends with
// work.
func (x *express) run(ctx, work context.Context) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if x.waiting.Load() > x.most {
				x.ride(ctx, work)
			}
		}
	}
}

// ride runs ahead until few wait.
func (x *express) ride(ctx, work context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var ended sync.WaitGroup
	defer ended.Wait()
	ended.Go(func() {
		defer cancel()
		x.untilFew(ctx)
	})
	defer cancel() // before it is waited for
	pool := workers.New(x.cfg.Concurrency, func(msg jetstream.Msg) { x.route(work, msg) })
	defer pool.Close()
	opts := bus.ConsumeOptions{Prefetch: expressPrefetch, PrefetchBytes: int(x.cfg.PrefetchBytes)}
	err := x.bus.ConsumeFrom(ctx, bus.StreamEvents, bus.ConsumerExpress, x.place.Load()+1, opts, func(msg jetstream.Msg) {
		if tenant, _, ok := bus.SplitEventSubject(msg.Subject()); ok && !x.shares.Add(tenant, 1, x.now()) {
			pool.Hand(ctx, msg) // not handed: it comes in its turn
		}
	})
	if err != nil && ctx.Err() == nil {
		x.log.Warn("events of small tenants are not taken out of their turn", "error", err)
	}
}

// expressPrefetch is more than is routed at once, for most is skipped.
const expressPrefetch = 4096

// untilFew returns when few wait, or ctx ends. Half as many as began it: else it
// would begin and end all the time.
func (x *express) untilFew(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for x.waiting.Load() > x.most/2 {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// route fans an event out before its turn. What fails is left to its turn.
func (x *express) route(ctx context.Context, msg jetstream.Msg) {
	meta, err := msg.Metadata()
	if err != nil || x.fanOutAt(ctx, msg, meta) != nil {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.routed) < mostRouted {
		x.routed[meta.Sequence.Stream] = struct{}{}
	}
}
