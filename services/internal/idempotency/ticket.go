package idempotency

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Ticket is a request that is being done. It belongs to one goroutine.
type Ticket struct {
	store    *Store
	key      string
	revision uint64
	record   record
}

// Finish keeps the answer; one with too large a body as FinishUnkept does. An
// error says that a repetition may be done again: the bucket did not take the
// answer, or the request ran for longer than StaleAfter and another has the key.
func (t *Ticket) Finish(ctx context.Context, a Answer) error {
	if len(a.Body) > t.store.maxBody {
		return t.FinishUnkept(ctx)
	}
	if err := t.store.seal(t.key, &t.record, &a); err != nil {
		return err
	}
	return t.finish(ctx)
}

// FinishUnkept keeps that the request was done, without its answer.
func (t *Ticket) FinishUnkept(ctx context.Context) error {
	t.record.Answer, t.record.Sealed = nil, nil
	return t.finish(ctx)
}

func (t *Ticket) finish(ctx context.Context) error {
	t.record.State = done
	value, err := t.record.encode()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	revision, err := t.store.update(ctx, t.key, value, t.revision)
	if err == nil {
		t.revision = revision // else the one we had still says what is ours
	}
	return err
}

// Abandon frees the key, so that the request can be tried again. Where another
// has taken it meanwhile it stays with that one.
func (t *Ticket) Abandon(ctx context.Context) error {
	if !t.store.bus.Connected() {
		return errAway
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := t.store.kv.Delete(ctx, t.key, jetstream.LastRevision(t.revision))
	if err != nil && !errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
		return fmt.Errorf("free an idempotency key: %w", err)
	}
	return nil
}
