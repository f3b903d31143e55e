package producer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/propagation"
)

const (
	// maxPending bounds the messages of one PublishAll that wait for their
	// acks. It is the client's own default.
	maxPending = 4000
	// clientPending switches the client's bound off. All calls would share it,
	// and waiting for room there does not end with a context.
	clientPending = math.MaxInt32
)

// Producer publishes events. It is safe for concurrent use.
type Producer struct {
	js         jetstream.JetStream
	propagator propagation.TextMapPropagator
	log        *slog.Logger
	now        func() time.Time
	maxElapsed time.Duration
	ackWait    time.Duration
}

// Ack says that an event is in the stream.
type Ack struct {
	// ID is the event's id, the one that was made if it had none. It is set
	// beside an error too, so that the event can be published again as itself.
	ID string
	// Duplicate says that the stream held the event already. That may be the
	// work of an earlier attempt of the same call, whose answer was lost.
	Duplicate bool
	// Sequence is the event's number in the stream, from 1.
	Sequence uint64
}

// New returns a producer on the connection, which stays the caller's to close.
// The stream need not exist yet. It fails if nc is nil or an option is out of
// range.
//
// The first PublishAll starts a goroutine that ends when nc is closed.
func New(nc *nats.Conn, opts ...Option) (*Producer, error) {
	if nc == nil {
		return nil, errors.New("producer: no connection")
	}
	p := &Producer{
		propagator: propagation.TraceContext{},
		log:        slog.New(slog.DiscardHandler),
		now:        time.Now,
		maxElapsed: DefaultMaxElapsed,
		ackWait:    DefaultAckWait,
	}
	for _, opt := range opts {
		if err := opt(p); err != nil {
			return nil, err
		}
	}
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(clientPending), jetstream.WithPublishAsyncTimeout(p.ackWait))
	if err != nil {
		return nil, fmt.Errorf("producer: %w", err)
	}
	p.js = js
	return p, nil
}

// Publish publishes one event and returns when the stream has stored it.
//
// It retries while nobody answers, until ctx ends or the time of
// WithMaxElapsed is over. Its errors match ErrInvalid for an event that breaks
// a rule, ErrRefused where retrying is in vain, ctx's error, or what the last
// attempt failed of. Without an ack the event may still be in the stream;
// publishing it again with the same id is safe.
func (p *Producer) Publish(ctx context.Context, e Event) (Ack, error) {
	msg, err := p.message(ctx, &e)
	if err != nil {
		return Ack{ID: e.ID}, fmt.Errorf("publish: %w", err)
	}
	var stored *jetstream.PubAck
	err = p.retry(ctx, func(ctx context.Context) error {
		stored, err = p.attempt(ctx, msg)
		return err
	})
	if err != nil {
		return Ack{ID: e.ID}, fmt.Errorf("publish event %s: %w", e.ID, err)
	}
	return ackOf(e.ID, stored), nil
}

// attempt leaves no retry to the client, so that there is one schedule.
func (p *Producer) attempt(ctx context.Context, msg *nats.Msg) (*jetstream.PubAck, error) {
	ctx, cancel := context.WithTimeout(ctx, p.ackWait)
	defer cancel()
	return p.js.PublishMsg(ctx, msg, jetstream.WithRetryAttempts(0))
}

func ackOf(id string, stored *jetstream.PubAck) Ack {
	return Ack{ID: id, Duplicate: stored.Duplicate, Sequence: stored.Sequence}
}
