package receivers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// An Event is a delivery that a receiver has verified.
type Event struct {
	Type    string            `json:"type"`
	ID      string            `json:"id"`      // as the body has it; for AI City the webhookId
	Headers map[string]string `json:"headers"` // of the request; names in lower case
	Data    json.RawMessage   `json:"data"`    // as JavaScript wrote it again: equal JSON, not equal bytes
}

// Received returns the events so far, in their order.
func (r *Receiver) Received() []Event {
	events, _ := r.look()
	return events
}

// Await returns the events as soon as there are n. It is an error where ctx
// or the receiver ends before that.
func (r *Receiver) Await(ctx context.Context, n int) ([]Event, error) {
	for {
		// First whether it has ended: all that it took is in the list by then.
		over := r.over()
		events, changed := r.look()
		switch {
		case len(events) >= n:
			return events, nil
		case over:
			return nil, fmt.Errorf("await %d events: the receiver ended after %d: %w", n, len(events), errors.Join(errEnded, r.ending))
		}
		select {
		case <-changed:
		case <-r.ended:
		case <-ctx.Done():
			return nil, fmt.Errorf("await %d events, got %d: %w", n, len(events), ctx.Err())
		}
	}
}

var errEnded = errors.New("it has ended")

func (r *Receiver) over() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

func (r *Receiver) look() (events []Event, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events), r.changed
}

func (r *Receiver) add(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
	close(r.changed)
	r.changed = make(chan struct{})
}

// follow reads the receiver's lines until it ends, and then tidies up.
func (r *Receiver) follow(ctx context.Context, lines *json.Decoder) {
	err := r.read(lines)
	if !errors.Is(err, io.EOF) {
		r.cancel(err) // nobody reads its stdout any more
	}
	r.ending = errors.Join(ending(ctx, r.cmd.Wait()), os.RemoveAll(r.dir))
	r.cancel(nil)
	close(r.ended)
}

func (r *Receiver) read(lines *json.Decoder) error {
	for {
		var e Event
		if err := lines.Decode(&e); err != nil {
			return fmt.Errorf("read the receiver's lines: %w", err)
		}
		r.add(e)
	}
}

// ending makes nothing of a process that its caller's context ended.
func ending(ctx context.Context, exit error) error {
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, context.Canceled), errors.Is(cause, context.DeadlineExceeded):
		return nil
	case cause != nil:
		return cause
	case exit != nil:
		return fmt.Errorf("node: %w", exit)
	}
	return nil
}
