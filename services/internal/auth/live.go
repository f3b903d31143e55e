package auth

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/kv"
)

// Errors that callers tell apart.
var (
	ErrNotFound = kv.ErrNotFound
	ErrConflict = kv.ErrConflict
)

// Live is the bucket of keys with a memory that is kept like it while Run runs.
// What it returns is shared: nobody changes it.
type Live struct {
	*kv.Mirror
	bucket *kv.Bucket[*posthastev1.ApiKey]
	memory *memory
	uses   uses
	log    *slog.Logger
	// look is how often it is seen which keys were used.
	look time.Duration
}

// Open opens the bucket that the bus has provisioned. The memory fills once Run
// runs.
func Open(ctx context.Context, b *bus.Bus, cfg Config, log *slog.Logger) (*Live, error) {
	bucket, err := kv.Open[*posthastev1.ApiKey](ctx, b, bus.BucketKeys, "API key")
	if err != nil {
		return nil, err
	}
	used, err := openUses(ctx, b, log)
	if err != nil {
		return nil, err
	}
	held := newMemory(cfg)
	return &Live{Mirror: kv.NewMirror(bucket, held, log), bucket: bucket, memory: held, uses: used, log: log, look: lookEvery}, nil
}

// Run keeps the memory, and notes in the bucket when keys were used, until ctx
// ends.
func (l *Live) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return l.Mirror.Run(ctx) })
	group.Go(func() error { return l.uses.mirror.Run(ctx) })
	group.Go(func() error { l.noteUses(ctx); return nil })
	return group.Wait()
}

// Create stores a new key. It sets id, digest and the time of creation of wanted,
// and returns what is stored, the key itself, which nobody can read again, and
// the revision, for Await.
func (l *Live) Create(ctx context.Context, wanted *posthastev1.ApiKey, now time.Time) (stored *posthastev1.ApiKey, token string, revision uint64, err error) {
	stored = proto.CloneOf(wanted)
	stored.Id, token = newToken(now)
	sum := digestOf(token)
	stored.Digest, stored.CreatedAt = sum[:], timestamppb.New(now)
	if _, err := newKey(stored.GetId(), stored); err != nil {
		return nil, "", 0, err
	}
	revision, err = l.bucket.Create(ctx, stored.GetId(), stored)
	return stored, token, revision, err
}

// Get reads the key from the bucket. Errors: ErrNotFound.
func (l *Live) Get(ctx context.Context, id string) (*posthastev1.ApiKey, error) {
	if !CheckID(id) {
		return nil, ErrNotFound
	}
	pb, _, err := l.bucket.Get(ctx, id)
	return pb, err
}

// Delete revokes the key for good, and returns it as it was last. Errors:
// ErrNotFound, ErrConflict.
func (l *Live) Delete(ctx context.Context, id string) (*posthastev1.ApiKey, error) {
	pb, _, err := l.bucket.Delete(ctx, id)
	if err == nil {
		_, _, _ = l.uses.bucket.Delete(ctx, id) // it may have none, and one that stays says nothing of anybody
	}
	return pb, err
}

// AwaitRemoved returns when the memory does not hold the key any more, or ctx
// ends.
func (l *Live) AwaitRemoved(ctx context.Context, id string) error {
	return l.AwaitUntil(ctx, func() bool { _, ok := l.memory.get(id); return !ok })
}

// Find returns the key from memory.
func (l *Live) Find(id string) (*Key, bool) { return l.memory.get(id) }

// Of returns the keys of a tenant, oldest first; "" for operators'.
func (l *Live) Of(tenant string) []*Key {
	found := l.memory.where(func(k *Key) bool { return k.GetTenant() == tenant })
	slices.SortFunc(found, func(a, b *Key) int { return cmp.Compare(a.GetId(), b.GetId()) })
	return found
}
