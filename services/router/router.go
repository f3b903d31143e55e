// Package router fans events out: for each event, one delivery to every
// subscription that wants it.
//
// An event is acked only after JetStream has every delivery of it. A router
// that dies in between leaves the event to another, which makes the same
// deliveries with the same ids; the stream drops those that it has.
package router

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/metric"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/books"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/filter"
	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/tracing"
	"github.com/posthaste/posthaste/services/internal/workers"
)

// Service is a router. Any number share the work.
type Service struct {
	cfg       Config
	bus       *bus.Bus
	publisher *bus.Publisher
	keeper    *bus.Keeper
	lanes     *lanes
	express   *express
	index     *subscription.Index
	current   func(context.Context) error
	limits    event.Limits
	books     *books.Account
	log       *slog.Logger
	metrics   *metrics
	tracer    *tracing.Tracer
	now       func() time.Time
}

// Deps are what a router works with.
type Deps struct {
	Bus   *bus.Bus
	Event event.Config
	Index *subscription.Index
	// Current returns when Index is like the bucket: an event that is matched
	// before would miss subscriptions.
	Current func(context.Context) error
	// Books is where it counts what it does; nil for nowhere.
	Books *books.Account
	Log   *slog.Logger
	Meter metric.Meter
	// Tracer makes spans; nil makes none.
	Tracer *tracing.Tracer
}

// New makes a router.
func New(cfg Config, deps Deps) (*Service, error) {
	if least := 2 * deps.Bus.MaxPayload(); int64(cfg.PrefetchBytes) < least {
		return nil, fmt.Errorf("router-prefetch-bytes: must be at least twice what NATS takes in one message (%d bytes), is %s", deps.Bus.MaxPayload(), cfg.PrefetchBytes)
	}
	m, err := newMetrics(deps.Meter)
	if err != nil {
		return nil, err
	}
	s := &Service{
		cfg:       cfg,
		bus:       deps.Bus,
		publisher: deps.Bus.NewPublisher(4*cfg.Concurrency, int64(cfg.PublishBytes)),
		keeper:    deps.Bus.NewKeeper(),
		lanes:     newLanes(cfg, deps.Bus),
		index:     deps.Index,
		current:   deps.Current,
		limits:    event.Limits{EventBytes: int64(deps.Event.MaxEventBytes), BatchEvents: 1},
		books:     deps.Books,
		log:       deps.Log,
		metrics:   m,
		tracer:    deps.Tracer,
		now:       time.Now,
	}
	s.express = newExpress(s, int64(cfg.EventsBacklog))
	return s, nil
}

// Run routes until ctx ends, finishes the events that are being fanned out
// and gives the others back. What is not finished within the grace is left to
// another router.
func (s *Service) Run(ctx context.Context, grace time.Duration) error {
	if s.current(ctx) != nil {
		return nil // stopped before it could begin
	}
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	defer stop()

	rest, end := context.WithCancel(context.WithoutCancel(ctx))
	var support errgroup.Group
	support.Go(func() error { return s.keeper.Run(rest) })
	support.Go(func() error { return s.lanes.backlog.Run(rest) })
	support.Go(func() error { return s.express.run(ctx, work) })

	pool := workers.New(s.cfg.Concurrency, func(msg jetstream.Msg) { s.route(work, msg) })
	opts := bus.ConsumeOptions{Prefetch: s.cfg.Prefetch, PrefetchBytes: int(s.cfg.PrefetchBytes)}
	err := s.bus.Consume(ctx, bus.StreamEvents, bus.ConsumerRouter, opts, func(msg jetstream.Msg) {
		if ctx.Err() != nil || !pool.Hand(ctx, msg) {
			s.giveBack(msg)
		}
	})
	pool.Close()
	end()
	return errors.Join(err, support.Wait())
}

// route fans one event out and acks it.
func (s *Service) route(ctx context.Context, msg jetstream.Msg) {
	held := s.keeper.Hold(msg, s.now())
	defer held.Release()
	if err := s.fanOut(ctx, msg); err != nil {
		if ctx.Err() == nil {
			s.log.ErrorContext(ctx, "event not routed; it will be tried again", "subject", msg.Subject(), "error", err)
		}
		held.Release() // nothing may follow the nak
		s.giveBack(msg)
		return
	}
	s.books.Routed()
	if err := msg.Ack(); err != nil {
		// It comes again and makes the same deliveries, which are dropped.
		s.log.Debug("ack event", "subject", msg.Subject(), "error", err)
	}
}

func (s *Service) fanOut(ctx context.Context, msg jetstream.Msg) error {
	meta, err := msg.Metadata()
	if err != nil {
		return fmt.Errorf("read metadata: %w", err)
	}
	if s.express.passed(meta) {
		return nil
	}
	return s.fanOutAt(ctx, msg, meta)
}

// fanOutAt makes the deliveries of the event that stands at this place.
func (s *Service) fanOutAt(ctx context.Context, msg jetstream.Msg, meta *jetstream.MsgMetadata) error {
	header := bus.EventTrace(msg.Headers())
	ctx, span := s.tracer.Process(ctx, header)
	defer span.End()
	err := s.process(ctx, msg, meta, header)
	tracing.Fail(span, err)
	return err
}

func (s *Service) process(ctx context.Context, msg jetstream.Msg, meta *jetstream.MsgMetadata, trace nats.Header) error {
	e, err := event.ReadMessage(event.Message{
		Subject: msg.Subject(), Header: msg.Headers(), Data: msg.Data(),
		Stored: meta.Timestamp, Sequence: meta.Sequence.Stream,
	}, s.limits)
	if err != nil {
		return s.reject(ctx, msg, meta.Sequence.Stream, err)
	}
	if err := s.current(ctx); err != nil {
		return err
	}
	matches := s.match(e)
	s.tracer.Routed(ctx, e, meta.Consumer, len(matches))
	err = s.publish(ctx, e, meta, matches, trace)
	if errors.Is(err, bus.ErrTooLarge) {
		// Trying again cannot help, and what is stored already is dropped by
		// nobody: those deliveries go out.
		return s.reject(ctx, msg, meta.Sequence.Stream, fmt.Errorf("its deliveries are larger than NATS takes: %w", err))
	}
	if err == nil {
		s.metrics.routed(ctx, len(matches))
	}
	return err
}

func (s *Service) match(e *posthastev1.Event) []*subscription.Subscription {
	return s.index.Match(e.GetTenant(), e.GetType(), filter.NewData(e.GetData()), nil)
}

// publish makes a delivery for each match and returns when JetStream has all.
// A large fan-out is made in parts: a thousand deliveries of a large event at
// once would take a thousand times its memory.
func (s *Service) publish(ctx context.Context, e *posthastev1.Event, meta *jetstream.MsgMetadata, matches []*subscription.Subscription, trace nats.Header) (err error) {
	if len(matches) == 0 {
		return nil
	}
	encoded, err := delivery.AppendEvent(nil, e)
	if err != nil {
		return err
	}
	created, published := timestamppb.New(s.now()), timestamppb.New(meta.Timestamp)
	acks := make([]bus.Ack, 0, len(matches))
	sending := s.tracer.Send(ctx, trace, len(matches))
	defer func() { sending.End(err) }()
	part := max(1, min(maxPart, int(s.cfg.PublishBytes)/4/len(encoded)))
	for some := range slices.Chunk(matches, part) {
		lane := s.lanes.choose(e.GetTenant(), len(some), s.now())
		msgs := make([]bus.Msg, len(some))
		for i, sub := range some {
			id, subject := delivery.ID(e, sub.GetId()), bus.DeliverySubject(lane, e.GetTenant(), sub.GetId())
			msgs[i] = bus.Msg{
				Subject: subject,
				ID:      id,
				Data:    delivery.EncodeNew(id, sub.GetId(), encoded, meta.Sequence.Stream, created, published),
				Header:  sending.Header(subject, id, sub.GetId()),
			}
		}
		next := len(acks)
		acks = acks[:next+len(msgs)]
		if err := s.publisher.PublishAcked(ctx, msgs, acks[next:]); err != nil {
			return err
		}
	}
	s.books.Made(len(matches), acks)
	return nil
}

// maxPart is how many deliveries of one event are on their way at once.
const maxPart = 1024

// giveBack hands the event to another router, or to this one again, soon.
func (s *Service) giveBack(msg jetstream.Msg) {
	if err := msg.NakWithDelay(giveBackDelay); err != nil {
		s.log.Debug("give event back", "subject", msg.Subject(), "error", err)
	}
}

// giveBackDelay keeps an event that cannot be routed from turning in circles.
const giveBackDelay = 250 * time.Millisecond
