package books

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delay"
)

// Queue is what waits before one consumer.
type Queue struct {
	Pending int64 `json:"pending"` // not handed out yet
	InHand  int64 `json:"inHand"`  // handed out, and not acked yet
}

func (q Queue) all() int64 { return q.Pending + q.InHand }

// Waiting is where deliveries wait.
type Waiting struct {
	Total int64            `json:"total"`
	Lanes map[string]Queue `json:"lanes"`
	Tiers map[string]int64 `json:"tiers"` // of the delay line; those with none are left out
}

// sample is what one look saw.
type sample struct {
	at       time.Time
	ledger   *ledger
	moves    moves
	accepted int64
	router   Queue
	history  Queue
	rejected int64
	waiting  Waiting
}

// moves are what changes when anything is done.
type moves struct{ events, deliveries, delays, attempts, left uint64 }

// look reads the accounts before the streams, and so sees a delivery rather too
// often than not at all.
func look(ctx context.Context, b *bus.Bus, now time.Time) (*sample, error) {
	s := &sample{at: now, waiting: Waiting{Lanes: make(map[string]Queue), Tiers: make(map[string]int64)}}
	var err error
	if s.ledger, err = readLedger(ctx, b); err != nil {
		return nil, err
	}
	if err := s.streams(ctx, b); err != nil {
		return nil, err
	}
	for _, lane := range []bus.Lane{bus.LaneFresh, bus.LaneBulk, bus.LaneDue} {
		if s.waiting.Lanes[string(lane)], err = queue(ctx, b, bus.StreamDeliveries, string(lane)); err != nil {
			return nil, err
		}
	}
	for _, tier := range delay.Tiers {
		q, err := queue(ctx, b, bus.StreamDelays, tier.Name)
		if err != nil {
			return nil, err
		}
		if q.all() > 0 {
			s.waiting.Tiers[tier.Name] = q.all()
		}
	}
	if s.router, err = queue(ctx, b, bus.StreamEvents, bus.ConsumerRouter); err != nil {
		return nil, err
	}
	s.history, err = queue(ctx, b, bus.StreamAttempts, bus.ConsumerHistory)
	return s, err
}

func (s *sample) streams(ctx context.Context, b *bus.Bus) error {
	state := make(map[string]jetstream.StreamState)
	for _, name := range []string{bus.StreamDelays, bus.StreamDeliveries, bus.StreamEvents, bus.StreamAttempts, bus.StreamRejected} {
		info, err := b.StreamInfo(ctx, name)
		if err != nil {
			return err
		}
		state[name] = info.State
	}
	s.accepted, s.rejected = int64(state[bus.StreamEvents].LastSeq), int64(state[bus.StreamRejected].LastSeq)
	s.waiting.Total = int64(state[bus.StreamDeliveries].Msgs + state[bus.StreamDelays].Msgs)
	s.moves = moves{
		events: state[bus.StreamEvents].LastSeq, deliveries: state[bus.StreamDeliveries].LastSeq, delays: state[bus.StreamDelays].LastSeq,
		attempts: state[bus.StreamAttempts].LastSeq, left: state[bus.StreamDeliveries].Msgs + state[bus.StreamDelays].Msgs,
	}
	return nil
}

// queue is empty for a consumer that is not there: nobody has begun to use it.
func queue(ctx context.Context, b *bus.Bus, stream, consumer string) (Queue, error) {
	c, err := b.JS.Consumer(ctx, stream, consumer)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return Queue{}, nil
	}
	if err != nil {
		return Queue{}, fmt.Errorf("look at consumer %s of %s: %w", consumer, stream, err)
	}
	info := c.CachedInfo() // of this moment
	return Queue{Pending: int64(info.NumPending), InHand: int64(info.NumAckPending)}, nil
}

// routed is how many events the router is done with.
func (s *sample) routed() int64 { return s.accepted - s.router.all() }
