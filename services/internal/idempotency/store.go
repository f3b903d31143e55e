package idempotency

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/sealed"
)

// Store keeps the answers. Any number of processes share one bucket.
type Store struct {
	bus *bus.Bus
	kv  jetstream.KeyValue
	// keys seal the answers; both are decided by Open.
	keys *sealed.Keys
	// maxBody is the largest answer that is kept, in bytes.
	maxBody int
	now     func() time.Time
}

const (
	// maxAnswer is the largest answer that is kept, where NATS takes it.
	maxAnswer = 512 << 10 // bytes
	// overhead is what a record holds besides the answer's body.
	overhead = 16 << 10 // bytes
	// patience bounds one step at the bucket.
	patience = 5 * time.Second
)

// Open opens the bucket that the bus has provisioned. Without a key among keys
// answers are kept in the clear.
func Open(ctx context.Context, b *bus.Bus, keys *sealed.Keys) (*Store, error) {
	opened, err := b.JS.KeyValue(ctx, bus.BucketIdempotency)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", bus.BucketIdempotency, err)
	}
	// In the answer the body is base64, and in the record what is sealed is
	// base64 again: four characters for three bytes, twice.
	most := max(0, (int(b.MaxPayload())-overhead)/16*9)
	return &Store{bus: b, kv: opened, keys: keys, maxBody: min(maxAnswer, most), now: time.Now}, nil
}

// errAway is without the wait that a request to a lost server would take.
var errAway = errors.New("NATS is not connected")

// tries is how often a key is looked at that changes hands meanwhile.
const tries = 5

// Begin says what a request meets. operation is what is done, such as "POST
// /v1/events"; keys of different operations and tenants are different. tenant is
// a name of one, or made of the same characters and "=". digest is of the whole
// request.
//
// A new request gets a Ticket, to be ended by Finish or Abandon. One that was
// done before gets its Answer. Errors: ErrMismatch, ErrRunning, ErrNotKept,
// sealed.ErrShut; all others say that JetStream is away.
func (s *Store) Begin(ctx context.Context, tenant, operation, key string, digest [32]byte) (*Ticket, *Answer, error) {
	if !s.bus.Connected() {
		return nil, nil, errAway
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticket := &Ticket{store: s, key: bucketKey(tenant, operation, key), record: record{State: running, Digest: digest[:], Started: s.now().UTC()}}
	for range tries {
		answer, err := s.take(ctx, ticket, digest)
		switch {
		case errors.Is(err, errChanged):
		case err != nil || answer != nil:
			return nil, answer, err
		default:
			return ticket, nil, nil
		}
	}
	return nil, nil, ErrRunning // by others, one after the other
}

// errChanged says that the key changed hands between two steps.
var errChanged = errors.New("changed by others")

// take makes the key the ticket's, or returns what stands in the way.
func (s *Store) take(ctx context.Context, t *Ticket, digest [32]byte) (*Answer, error) {
	value, err := t.record.encode()
	if err != nil {
		return nil, err
	}
	t.revision, err = s.kv.Create(ctx, t.key, value)
	if err == nil {
		return nil, nil
	}
	if !errors.Is(err, jetstream.ErrKeyExists) {
		return nil, fmt.Errorf("take an idempotency key: %w", err)
	}
	entry, err := s.kv.Get(ctx, t.key)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
		return nil, errChanged
	case err != nil:
		return nil, fmt.Errorf("read an idempotency key: %w", err)
	}
	found, err := decode(entry.Value())
	if err != nil {
		return nil, err
	}
	kept, err := found.judge(digest, s.now())
	switch {
	case err != nil:
		return nil, err
	case kept:
		return s.unseal(t.key, found)
	}
	t.revision, err = s.update(ctx, t.key, value, entry.Revision())
	return nil, err
}

// update stores value where revision is still the key's last.
func (s *Store) update(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	next, err := s.kv.Update(ctx, key, value, revision)
	switch {
	case errors.Is(err, jetstream.ErrKeyRevisionMismatch):
		return 0, errChanged
	case err != nil:
		return 0, fmt.Errorf("store an idempotency key: %w", err)
	}
	return next, nil
}
