package projection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/history"
)

// batch is what one transaction takes: messages and the records in them.
type batch struct {
	msgs    []jetstream.Msg
	records []*posthastev1.Attempt
}

// project writes what comes in until incoming is closed. When ctx ends it gives
// the rest back.
func (p *Projector) project(ctx context.Context, incoming <-chan jetstream.Msg) {
	for first := range incoming {
		b := new(batch)
		p.take(ctx, b, first)
		p.gather(ctx, b, incoming)
		if len(b.msgs) > 0 {
			began := time.Now()
			p.finish(ctx, *b)
			p.yield(ctx, b, time.Since(began))
		}
	}
}

// yield leaves the CPUs to deliveries while there is too much for all: what is
// behind can be looked up a little later, and is cheaper in large batches. took
// is how long the batch was worked on.
func (p *Projector) yield(ctx context.Context, b *batch, took time.Duration) {
	oldest := time.Now()
	for _, r := range b.records {
		if at := r.GetStartedAt().AsTime(); at.Before(oldest) {
			oldest = at
		}
	}
	if time.Since(oldest) >= p.store.MaxLag() || !p.busy() {
		return
	}
	timer := time.NewTimer(min(yieldTimes*took, mostYield))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

const (
	// yieldTimes and mostYield: the history takes a tenth of the time then.
	yieldTimes = 9
	mostYield  = time.Second
)

// gather fills the batch from what comes within the time.
func (p *Projector) gather(ctx context.Context, b *batch, incoming <-chan jetstream.Msg) {
	enough := time.NewTimer(gatherTime)
	defer enough.Stop()
	for len(b.msgs) < p.store.Batch() {
		select {
		case msg, open := <-incoming:
			if !open {
				return
			}
			p.take(ctx, b, msg)
		case <-enough.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// take adds the message to the batch. One that holds no record that can be
// kept never will.
func (p *Projector) take(ctx context.Context, b *batch, msg jetstream.Msg) {
	r := new(posthastev1.Attempt)
	err := proto.Unmarshal(msg.Data(), r)
	if err != nil {
		err = fmt.Errorf("%w: %w", history.ErrRecord, err)
	} else {
		err = history.Check(r)
	}
	if err != nil {
		p.log.Error("record of an attempt refused", "subject", msg.Subject(), "error", err)
		p.metrics.refuse(ctx)
		if err := msg.TermWithReason("unusable"); err != nil {
			p.log.Debug("terminate record", "error", err)
		}
		return
	}
	b.msgs, b.records = append(b.msgs, msg), append(b.records, r)
}

// finish commits the batch and then acks it, however long the database is
// away. What is committed and not acked comes again and changes nothing. What
// is too much for the time that a message may take is committed in parts.
func (p *Projector) finish(ctx context.Context, b batch) {
	policy := bus.BackOff(bus.FirstWait)
	for most := len(b.msgs); len(b.msgs) > 0 && ctx.Err() == nil; {
		part := b.first(most)
		err := p.commit(ctx, part)
		switch {
		case err == nil:
			p.metrics.took(ctx, len(part.records))
			part.each(jetstream.Msg.Ack)
			b.drop(len(part.msgs))
			b.each(jetstream.Msg.InProgress)
			policy.Reset()
			continue
		case ctx.Err() != nil:
			continue
		case errors.Is(err, context.DeadlineExceeded):
			most = max(1, len(part.msgs)/2)
		}
		pause := policy.NextBackOff()
		p.log.Warn("history not written; trying again", "records", len(part.records), "error", err, "retry_in", pause.Round(time.Millisecond))
		b.hold(ctx, pause)
	}
	b.each(giveBack)
}

// first is the part of the batch with its first messages, n at the most.
func (b *batch) first(n int) *batch {
	n = min(n, len(b.msgs))
	return &batch{msgs: b.msgs[:n], records: b.records[:n]}
}

// drop takes the first n messages out of the batch.
func (b *batch) drop(n int) { b.msgs, b.records = b.msgs[n:], b.records[n:] }

// giveBack leaves the record to another. Without the delay it would come back
// here, where a request for more may still be under way.
func giveBack(msg jetstream.Msg) error { return msg.NakWithDelay(giveBackDelay) }

const giveBackDelay = 250 * time.Millisecond

// commit gives the database half of what a message may take.
func (p *Projector) commit(ctx context.Context, b *batch) error {
	ctx, cancel := context.WithTimeout(ctx, p.bus.AckWait()/2)
	defer cancel()
	return p.apply(ctx, b.records)
}

// hold waits, and tells NATS that the batch is still being worked on.
func (b *batch) hold(ctx context.Context, pause time.Duration) {
	b.each(jetstream.Msg.InProgress)
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	}
}

// each sends a word on every message. One that is lost costs a repetition.
func (b *batch) each(send func(jetstream.Msg) error) {
	for _, msg := range b.msgs {
		_ = send(msg)
	}
}
