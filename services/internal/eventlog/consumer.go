package eventlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/event"
)

const (
	// fetchBytes bounds a page in memory; one message of the largest kind fits
	// in any case.
	fetchBytes = 8 << 20
	// fetchTimeout is how long messages that the server has announced may
	// take.
	fetchTimeout = 2 * time.Second
	// abandonedAfter is when the server drops a consumer that could not be
	// deleted.
	abandonedAfter = 10 * time.Second
)

// rest fills the page through a consumer of its own, which is gone when it
// returns: each consumer that stays slows down all publishing.
func (p *page) rest(ctx context.Context) error {
	if p.next > p.end() {
		return nil
	}
	consumer, err := p.consumer(ctx)
	if err != nil {
		return fmt.Errorf("read events from %d: %w", p.next, err)
	}
	defer p.drop(ctx, consumer)
	pending := consumer.CachedInfo().NumPending
	if pending == 0 {
		return nil
	}
	if err := p.fetch(ctx, consumer, min(pending, uint64(p.limit-p.seen))); err != nil {
		return fmt.Errorf("read events from %d: %w", p.next, err)
	}
	return nil
}

// consumer makes one that begins where the page goes on.
func (p *page) consumer(ctx context.Context) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return p.log.bus.JS.CreateConsumer(ctx, bus.StreamEvents, jetstream.ConsumerConfig{
		FilterSubjects:    p.filters,
		DeliverPolicy:     jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:       p.next,
		AckPolicy:         jetstream.AckNonePolicy,
		MemoryStorage:     true,
		Replicas:          1,
		InactiveThreshold: abandonedAfter,
	})
}

// fetch takes up to n messages that the consumer has.
func (p *page) fetch(ctx context.Context, consumer jetstream.Consumer, n uint64) error {
	within, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	size := max(fetchBytes, 2*int(p.log.bus.MaxPayload()))
	batch, err := consumer.Fetch(int(n), jetstream.FetchContext(within), jetstream.FetchMaxBytes(size))
	if err != nil {
		return err
	}
	p.more = true // unless the last says otherwise
	expected := uint64(1)
	for msg := range batch.Messages() { // to the end: the client's goroutine ends with it
		if err == nil {
			err = p.accept(msg, expected)
			expected++
		}
	}
	if err == nil {
		err = batch.Error()
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil // some expired meanwhile, or the connection was lost: what came is good
	}
	return err
}

// errGap is a message that was lost on its way: nobody acks these.
var errGap = errors.New("the connection lost events; they can be read again")

// accept takes a message if it is the expected one of the consumer.
func (p *page) accept(msg jetstream.Msg, expected uint64) error {
	meta, err := msg.Metadata()
	if err != nil {
		return fmt.Errorf("read metadata: %w", err)
	}
	if meta.Sequence.Consumer != expected {
		return errGap
	}
	if meta.Sequence.Stream > p.end() {
		p.more = meta.Sequence.Stream <= p.through
		return nil
	}
	p.take(event.Message{
		Subject: msg.Subject(), Header: msg.Headers(), Data: msg.Data(),
		Stored: meta.Timestamp, Sequence: meta.Sequence.Stream,
	})
	p.more = meta.NumPending > 0 && p.next <= p.through
	return nil
}

// drop deletes the consumer, also where ctx has ended.
func (p *page) drop(ctx context.Context, consumer jetstream.Consumer) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTimeout)
	defer cancel()
	// Where this fails the server does it after a while.
	_ = p.log.bus.JS.DeleteConsumer(ctx, bus.StreamEvents, consumer.CachedInfo().Name)
}
