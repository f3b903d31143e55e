package subscription

import (
	"context"
	"strings"
	"time"

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

// Store keeps subscriptions in the KV bucket. Every change is a
// compare-and-set, so two writers never undo each other.
type Store struct {
	bucket *kv.Bucket[*posthastev1.Subscription]
}

// NewStore opens the bucket that the bus has provisioned.
func NewStore(ctx context.Context, b *bus.Bus) (*Store, error) {
	bucket, err := kv.Open[*posthastev1.Subscription](ctx, b, bus.BucketSubscriptions, "subscription")
	if err != nil {
		return nil, err
	}
	return &Store{bucket: bucket}, nil
}

// Create stores a new subscription.
func (s *Store) Create(ctx context.Context, pb *posthastev1.Subscription) (*Subscription, error) {
	revision, err := s.bucket.Create(ctx, bus.SubscriptionKey(pb.GetTenant(), pb.GetId()), pb)
	if err != nil {
		return nil, err
	}
	return newSubscription(pb, revision), nil
}

// Get reads the subscription as it is in the bucket now. The error is
// ErrNotFound where there is none.
func (s *Store) Get(ctx context.Context, tenant, id string) (*Subscription, error) {
	pb, revision, err := s.bucket.Get(ctx, bus.SubscriptionKey(tenant, id))
	if err != nil {
		return nil, err
	}
	return newSubscription(pb, revision), nil
}

// Tenant says whose subscription id is, by asking the bucket. It costs a
// consumer, so ask the Index first. id must have passed CheckID. The error is
// ErrNotFound where there is none.
func (s *Store) Tenant(ctx context.Context, id string) (string, error) {
	keys, err := s.bucket.Keys(ctx, bus.SubscriptionKey("*", id))
	if err != nil {
		return "", err
	}
	if len(keys) == 0 {
		return "", ErrNotFound
	}
	tenant, _, _ := strings.Cut(keys[0], ".")
	return tenant, nil
}

// Update applies change to the stored subscription and stores it. change may
// be called several times, each time with the newest; it returns false to
// leave the subscription as it is. Errors: ErrNotFound, ErrConflict, and those
// of change.
func (s *Store) Update(ctx context.Context, tenant, id string, now time.Time, change func(*posthastev1.Subscription) (bool, error)) (*Subscription, error) {
	pb, revision, err := s.bucket.Update(ctx, bus.SubscriptionKey(tenant, id), func(pb *posthastev1.Subscription) (bool, error) {
		changed, err := change(pb)
		if changed {
			pb.UpdatedAt = timestamppb.New(now)
		}
		return changed, err
	})
	if err != nil {
		return nil, err
	}
	return newSubscription(pb, revision), nil
}

// Delete removes the subscription and returns it as it was last. Errors:
// ErrNotFound, ErrConflict.
func (s *Store) Delete(ctx context.Context, tenant, id string) (*Subscription, error) {
	pb, revision, err := s.bucket.Delete(ctx, bus.SubscriptionKey(tenant, id))
	if err != nil {
		return nil, err
	}
	return newSubscription(pb, revision), nil
}
