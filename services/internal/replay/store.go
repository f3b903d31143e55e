package replay

import (
	"context"
	"errors"
	"slices"
	"strings"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/kv"
)

// Errors that callers tell apart.
var (
	ErrNotFound = errors.New("no such replay")
	ErrConflict = errors.New("the replay was changed by others at the same time")
)

// Store keeps replays in the KV bucket. Every change is a compare-and-set, so
// two writers never undo each other. Tenants and ids must have passed their
// checks.
type Store struct {
	bucket *kv.Bucket[*posthastev1.Replay]
}

// NewStore opens the bucket that the bus has provisioned.
func NewStore(ctx context.Context, b *bus.Bus) (*Store, error) {
	bucket, err := kv.Open[*posthastev1.Replay](ctx, b, bus.BucketReplays, "replay")
	if err != nil {
		return nil, err
	}
	return &Store{bucket: bucket}, nil
}

// key is <tenant>.<id>.
func key(tenant, id string) string { return tenant + "." + id }

// Create stores a new replay. ErrConflict: there is one with this id.
func (s *Store) Create(ctx context.Context, rec *posthastev1.Replay) error {
	_, err := s.bucket.Create(ctx, key(rec.GetTenant(), rec.GetId()), rec)
	return translated(err)
}

// Get reads the replay as it is now. The error is ErrNotFound where there is
// none.
func (s *Store) Get(ctx context.Context, tenant, id string) (*posthastev1.Replay, error) {
	rec, _, err := s.bucket.Get(ctx, key(tenant, id))
	return rec, translated(err)
}

// Update applies change to the stored replay and stores it. change may be
// called several times, each time with the newest; it returns false to leave
// the replay as it is. Errors: ErrNotFound, ErrConflict, and those of change.
func (s *Store) Update(ctx context.Context, tenant, id string, change func(*posthastev1.Replay) (bool, error)) (*posthastev1.Replay, error) {
	rec, _, err := s.bucket.Update(ctx, key(tenant, id), change)
	return rec, translated(err)
}

// List returns up to limit replays of the tenant's subscription, the newest
// first; those of all its subscriptions where that is empty.
func (s *Store) List(ctx context.Context, tenant, subscription string, limit int) ([]*posthastev1.Replay, error) {
	keys, err := s.bucket.Keys(ctx, key(tenant, "*"))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(keys, func(a, b string) int { return strings.Compare(b, a) })
	var found []*posthastev1.Replay
	for _, k := range keys {
		if len(found) >= limit {
			break
		}
		rec, _, err := s.bucket.Get(ctx, k)
		if errors.Is(err, kv.ErrNotFound) {
			continue // it aged away meanwhile
		}
		if err != nil {
			return nil, err
		}
		if subscription == "" || rec.GetSubscriptionId() == subscription {
			found = append(found, rec)
		}
	}
	return found, nil
}

// translated turns errors of the bucket into those of this package.
func translated(err error) error {
	switch {
	case errors.Is(err, kv.ErrNotFound):
		return ErrNotFound
	case errors.Is(err, kv.ErrConflict), errors.Is(err, kv.ErrExists):
		return ErrConflict
	}
	return err
}
