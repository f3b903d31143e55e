// Package dispatcher delivers: it takes deliveries from DELIVERIES, signs and
// POSTs them, and says in ATTEMPTS what came of it.
//
// The order of acts for a delivery is: look up its dedup key, POST, remember
// the dedup key (on 2xx), publish the attempt, put the delivery off where
// another attempt is due, and ack last. Whatever dies in between, the delivery
// comes again.
package dispatcher

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/posthaste/posthaste/services/internal/books"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delay"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/policy"
	"github.com/posthaste/posthaste/services/internal/redisstore"
	"github.com/posthaste/posthaste/services/internal/ssrf"
	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/tracing"
)

// Deps are what a dispatcher works with.
type Deps struct {
	Bus   *bus.Bus
	Store *subscription.Store
	Index *subscription.Index
	// Loaded is closed when Index has held every subscription.
	Loaded <-chan struct{}
	Redis  *redisstore.Store
	Guard  *ssrf.Guard
	// Dialects shape the deliveries.
	Dialects *dialect.Set
	// Policies say how they are tried.
	Policies *policy.Policies
	// Books is where it counts what it does; nil for nowhere.
	Books *books.Account
	Log   *slog.Logger
	Meter metric.Meter
	// Tracer makes spans; nil makes none.
	Tracer *tracing.Tracer
}

// Service is a dispatcher. Any number share the work.
type Service struct {
	Deps
	cfg       Config
	publisher *bus.Publisher
	mover     *delay.Mover
	poster    *poster
	targets   targets
	hands     hands
	keeper    *bus.Keeper
	parked    parkedGates
	metrics   *metrics
	now       func() time.Time
	// replicated says that reads of the bucket may come from a lagging copy, and
	// that a message may be handed out by two leaders.
	replicated bool
	// announced holds by subscription when it was disabled the last time that
	// its tenant was told.
	announced sync.Map
	// shut keeps the log from being flooded while an encryption key is missing.
	shut *rate.Sometimes
}

// publishBytes bounds what a dispatcher has on its way to JetStream.
const publishBytes = 64 << 20

// New makes a dispatcher.
func New(cfg Config, deps Deps) (*Service, error) {
	if least := 2 * deps.Bus.MaxPayload(); int64(cfg.PrefetchBytes) < least {
		return nil, fmt.Errorf("dispatcher-prefetch-bytes: must be at least twice what NATS takes in one message (%d bytes), is %s", deps.Bus.MaxPayload(), cfg.PrefetchBytes)
	}
	m, err := newMetrics(deps.Meter)
	if err != nil {
		return nil, err
	}
	publisher := deps.Bus.NewPublisher(4*cfg.MaxInFlight, publishBytes)
	s := &Service{
		Deps:      deps,
		cfg:       cfg,
		publisher: publisher,
		mover:     delay.NewMover(deps.Bus, publisher, deps.Log),
		poster:    newPoster(cfg, deps.Policies.MaxTimeout(), deps.Guard),
		targets:   targets{byID: make(map[string]*target)},
		keeper:    deps.Bus.NewKeeper(),
		metrics:   m,
		now:       time.Now,

		replicated: deps.Bus.Replicated(),
		shut:       &rate.Sometimes{Interval: shutWait},
	}
	if err := s.observe(deps.Meter); err != nil {
		return nil, err
	}
	return s, nil
}

// Run delivers until ctx ends. Then it takes no more, finishes what is under
// way within the grace, and gives the rest back to other dispatchers.
func (s *Service) Run(ctx context.Context, grace time.Duration) error {
	defer s.poster.close()
	select {
	case <-s.Loaded:
	case <-ctx.Done():
		return nil
	}
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	defer stop()

	rest, end := context.WithCancel(context.WithoutCancel(ctx))
	var support errgroup.Group
	support.Go(func() error { return s.keeper.Run(rest) })
	support.Go(func() error { return s.sweep(ctx, rest, work) })

	var group errgroup.Group
	for _, l := range s.lanes() {
		group.Go(func() error { return l.run(ctx, work) })
	}
	group.Go(func() error { return s.mover.Run(ctx) })
	err := group.Wait()
	end()
	if err := errors.Join(err, support.Wait()); err != nil {
		return fmt.Errorf("dispatch: %w", err)
	}
	return nil
}

// lanes have places of their own. None borrows from another, so that each keeps
// its share whatever the others do.
func (s *Service) lanes() []*lane {
	fresh, bulk, due := s.cfg.places()
	return []*lane{s.newLane(bus.LaneFresh, fresh), s.newLane(bus.LaneBulk, bulk), s.newLane(bus.LaneDue, due)}
}
