package kv

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/posthaste/posthaste/services/internal/bus"
)

// Errors that callers tell apart.
var (
	ErrNotFound = errors.New("no such record")
	ErrExists   = errors.New("the record exists already")
	ErrConflict = errors.New("the record was changed by others at the same time")
)

// Bucket holds records of type M, by keys of the caller's making.
type Bucket[M proto.Message] struct {
	kv   jetstream.KeyValue
	conn *nats.Conn // of kv
	noun string     // what a record is called in errors
}

// Open opens a bucket that the bus has provisioned. noun is what its records
// are called in errors.
func Open[M proto.Message](ctx context.Context, b *bus.Bus, bucket, noun string) (*Bucket[M], error) {
	opened, err := b.JS.KeyValue(ctx, bucket)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", bucket, err)
	}
	return &Bucket[M]{kv: opened, conn: b.NC, noun: noun}, nil
}

// Create stores a new record and returns its revision. The error is ErrExists
// where the key has one.
func (b *Bucket[M]) Create(ctx context.Context, key string, m M) (uint64, error) {
	value, err := proto.Marshal(m)
	if err != nil {
		return 0, fmt.Errorf("encode %s %s: %w", b.noun, key, err)
	}
	revision, err := b.kv.Create(ctx, key, value)
	switch {
	case errors.Is(err, jetstream.ErrKeyExists):
		return 0, ErrExists
	case err != nil:
		return 0, fmt.Errorf("store %s %s: %w", b.noun, key, err)
	}
	return revision, nil
}

// Get reads the record as it is in the bucket now, with its revision. The
// error is ErrNotFound where there is none.
func (b *Bucket[M]) Get(ctx context.Context, key string) (m M, revision uint64, err error) {
	entry, err := b.kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) || errors.Is(err, jetstream.ErrInvalidKey) {
		return m, 0, ErrNotFound
	}
	if err != nil {
		return m, 0, fmt.Errorf("read %s %s: %w", b.noun, key, err)
	}
	if m, err = Decode[M](entry.Value()); err != nil {
		return m, 0, fmt.Errorf("read %s %s: %w", b.noun, key, err)
	}
	return m, entry.Revision(), nil
}

// Decode reads a record.
func Decode[M proto.Message](value []byte) (M, error) {
	var none M
	m := none.ProtoReflect().New().Interface().(M)
	if err := proto.Unmarshal(value, m); err != nil {
		return none, fmt.Errorf("decode: %w", err)
	}
	return m, nil
}

// tries is how often a change is made again on top of others' changes. Of n
// writers at once one gets through in each round, so the unluckiest needs n
// tries.
const tries = 64

// Update applies change to the record and stores it. change may be called
// several times, each time with the newest; it returns false to leave the
// record as it is. Errors: ErrNotFound, ErrConflict, and those of change.
func (b *Bucket[M]) Update(ctx context.Context, key string, change func(M) (bool, error)) (m M, revision uint64, err error) {
	for range tries {
		m, revision, err = b.Get(ctx, key)
		if err != nil {
			return m, 0, err
		}
		changed, err := change(m)
		if err != nil || !changed {
			return m, revision, err
		}
		value, err := proto.Marshal(m)
		if err != nil {
			return m, 0, fmt.Errorf("encode %s %s: %w", b.noun, key, err)
		}
		revision, err = b.kv.Update(ctx, key, value, revision)
		if err == nil {
			return m, revision, nil
		}
		if !raced(err) {
			return m, 0, fmt.Errorf("store %s %s: %w", b.noun, key, err)
		}
	}
	return m, 0, fmt.Errorf("%w: gave up after %d tries", ErrConflict, tries)
}

// Replace stores m in the place of the record, or as a new one. keep is given the
// record that goes, to take over from it what stays; it may be called several
// times. mayCreate says whether there is room for a new one. Errors: ErrConflict,
// and that of mayCreate.
func (b *Bucket[M]) Replace(ctx context.Context, key string, m M, keep func(old M), mayCreate func() error) (M, uint64, error) {
	for { // until nobody creates or removes it in between
		_, revision, err := b.Update(ctx, key, func(old M) (bool, error) {
			keep(old)
			proto.Reset(old)
			proto.Merge(old, m)
			return true, nil
		})
		if !errors.Is(err, ErrNotFound) {
			return m, revision, err
		}
		if err := mayCreate(); err != nil {
			return m, 0, err
		}
		revision, err = b.Create(ctx, key, m)
		if !errors.Is(err, ErrExists) {
			return m, revision, err
		}
	}
}

// Delete removes the record and returns it as it was last. Errors: ErrNotFound,
// ErrConflict.
func (b *Bucket[M]) Delete(ctx context.Context, key string) (m M, revision uint64, err error) {
	for range tries {
		m, revision, err = b.Get(ctx, key)
		if err != nil {
			return m, 0, err
		}
		err = b.kv.Delete(ctx, key, jetstream.LastRevision(revision))
		if err == nil {
			return m, revision, nil
		}
		if !raced(err) {
			return m, 0, fmt.Errorf("remove %s %s: %w", b.noun, key, err)
		}
	}
	return m, 0, fmt.Errorf("%w: gave up after %d tries", ErrConflict, tries)
}

// Keys are those that match the filter, a key with "*" for a part. It costs a
// consumer, so ask a Mirror's memory first.
func (b *Bucket[M]) Keys(ctx context.Context, filter string) ([]string, error) {
	lister, err := b.kv.ListKeysFiltered(ctx, filter)
	if err != nil {
		return nil, fmt.Errorf("list %s %s: %w", b.noun, filter, err)
	}
	var keys []string
	for key := range lister.Keys() { // to the end, or the lister's goroutine stays
		keys = append(keys, key)
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("list %s %s: %w", b.noun, filter, ctx.Err())
	}
	return keys, nil
}

// raced says whether somebody else wrote the key since it was read. The server
// has two codes for that, one of them for replicated buckets; the client's
// error stands for both.
func raced(err error) bool { return errors.Is(err, jetstream.ErrKeyRevisionMismatch) }
