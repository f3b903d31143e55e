package producer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// EventError says why one event of PublishAll was not acked.
type EventError struct {
	// Index is the event's place in the slice, from 0.
	Index int
	// ID is the event's id, the one that was made if it had none.
	ID string
	// Err is what Publish would have returned.
	Err error
}

// Error names the place, the id and the reason.
func (e *EventError) Error() string {
	return fmt.Sprintf("event %d (%s): %v", e.Index, e.ID, e.Err)
}

// Unwrap returns Err.
func (e *EventError) Unwrap() error { return e.Err }

// BatchError lists the events of PublishAll that were not acked, in order.
type BatchError struct{ Failed []*EventError }

// Error counts the failures and quotes the first three.
func (e *BatchError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "publish: %d events failed", len(e.Failed))
	for _, failed := range e.Failed[:min(3, len(e.Failed))] {
		fmt.Fprintf(&text, "; %v", failed)
	}
	return text.String()
}

// Unwrap returns the failures, so that errors.Is and errors.As look into each.
func (e *BatchError) Unwrap() []error {
	errs := make([]error, len(e.Failed))
	for i, failed := range e.Failed {
		errs[i] = failed
	}
	return errs
}

// pending is one event on its way. The goroutine of PublishAll alone uses it.
type pending struct {
	index  int
	msg    *nats.Msg
	future jetstream.PubAckFuture
	err    error
}

// PublishAll publishes all events at once and returns when the stream has
// answered for each. It is worth it from a few events on: it waits once.
//
// The acks stand in the order of the events. If some failed, the error is a
// *BatchError that lists them, and their acks hold the ID alone. The order in
// the stream is that of the events unless some had to be retried; only those
// are sent again.
//
// If an event breaks a rule nothing is sent, and the error lists the events
// that do.
func (p *Producer) PublishAll(ctx context.Context, events []Event) ([]Ack, error) {
	acks := make([]Ack, len(events))
	all, err := p.messages(ctx, events, acks)
	if err != nil {
		return acks, err
	}
	left := all
	ended := p.retry(ctx, func(ctx context.Context) error {
		left, err = p.round(ctx, left, acks)
		return err
	})
	return acks, failures(all, left, acks, ended)
}

// round sends events and waits for their answers. It returns the events to
// send again, with one of their errors; the others are acked, or refused for
// good.
func (p *Producer) round(ctx context.Context, events []*pending, acks []Ack) (again []*pending, why error) {
	for window := range slices.Chunk(events, maxPending) {
		p.send(ctx, window)
		for _, e := range window {
			if p.collect(ctx, e, acks); e.err != nil && !errors.Is(e.err, ErrRefused) {
				again, why = append(again, e), e.err
			}
		}
	}
	return again, why
}

// messages wraps the events and notes their ids in acks.
func (p *Producer) messages(ctx context.Context, events []Event, acks []Ack) ([]*pending, error) {
	all, bad := make([]*pending, len(events)), new(BatchError)
	for i, event := range events {
		msg, err := p.message(ctx, &event)
		acks[i].ID = event.ID
		if err != nil {
			bad.Failed = append(bad.Failed, &EventError{i, event.ID, err})
		}
		all[i] = &pending{index: i, msg: msg}
	}
	if len(bad.Failed) > 0 {
		return nil, bad
	}
	return all, nil
}

// send publishes without waiting for answers.
func (p *Producer) send(ctx context.Context, events []*pending) {
	for _, e := range events {
		if e.err = ctx.Err(); e.err == nil {
			e.future, e.err = p.js.PublishMsgAsync(e.msg, jetstream.WithRetryAttempts(0))
		}
	}
}

// collect waits for one answer and notes it.
func (p *Producer) collect(ctx context.Context, e *pending, acks []Ack) {
	stored, err := e.wait(ctx)
	switch {
	case err == nil:
		acks[e.index] = ackOf(acks[e.index].ID, stored)
	case ctx.Err() == nil && !passes(err):
		err = settle(ctx, err)
	}
	e.err = err
}

// wait returns at the latest with the client's own timeout, or with ctx.
func (e *pending) wait(ctx context.Context) (*jetstream.PubAck, error) {
	if e.err != nil {
		return nil, e.err
	}
	select {
	case stored := <-e.future.Ok():
		return stored, nil
	case err := <-e.future.Err():
		return nil, err
	case <-ctx.Done():
	}
	// An answer that is there counts, though the context has ended too.
	select {
	case stored := <-e.future.Ok():
		return stored, nil
	default:
		return nil, ctx.Err()
	}
}

// failures lists what is not acked: the refused, and those that were left when
// the retries ended, with the reason they ended for.
func failures(all, left []*pending, acks []Ack, ended error) error {
	for _, e := range left {
		e.err = ended
	}
	list := new(BatchError)
	for _, e := range all {
		if e.err != nil {
			list.Failed = append(list.Failed, &EventError{e.index, acks[e.index].ID, e.err})
		}
	}
	if len(list.Failed) == 0 {
		return nil
	}
	return list
}
