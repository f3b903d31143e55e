package subscription

import (
	"context"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/kv"
	"github.com/posthaste/posthaste/services/internal/sealed"
)

// Errors that callers tell apart.
var (
	ErrNotFound = kv.ErrNotFound
	ErrConflict = kv.ErrConflict
)

// Store keeps subscriptions in the KV bucket. Every change is a
// compare-and-set, so two writers never undo each other. What it takes is sealed
// on its way to the bucket, and what it gives is sealed, until Open.
type Store struct {
	bucket *kv.Bucket[*posthastev1.Subscription]
	box    box
}

// NewStore opens the bucket that the bus has provisioned. keys is nil for a
// service that has no business with secrets.
func NewStore(ctx context.Context, b *bus.Bus, keys *sealed.Keys) (*Store, error) {
	bucket, err := kv.Open[*posthastev1.Subscription](ctx, b, bus.BucketSubscriptions, "subscription")
	if err != nil {
		return nil, err
	}
	return &Store{bucket: bucket, box: newBox(keys)}, nil
}

// Create stores a new subscription. pb is left as it is.
func (s *Store) Create(ctx context.Context, pb *posthastev1.Subscription) (*Subscription, error) {
	pb = proto.CloneOf(pb)
	if err := s.box.seal(pb); err != nil {
		return nil, err
	}
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
// leave the subscription as it is. Its secrets stay sealed, so no key is needed.
// Errors: ErrNotFound, ErrConflict, and those of change.
func (s *Store) Update(ctx context.Context, tenant, id string, now time.Time, change func(*posthastev1.Subscription) (bool, error)) (*Subscription, error) {
	pb, revision, err := s.bucket.Update(ctx, bus.SubscriptionKey(tenant, id), func(pb *posthastev1.Subscription) (bool, error) {
		changed, err := change(pb)
		if err != nil || !changed {
			return false, err
		}
		pb.UpdatedAt = timestamppb.New(now)
		return true, s.box.seal(pb)
	})
	if err != nil {
		return nil, err
	}
	return newSubscription(pb, revision), nil
}

// UpdateOpened is Update with the secrets in the clear for change, which may
// change them. A further error is sealed.ErrShut.
func (s *Store) UpdateOpened(ctx context.Context, tenant, id string, now time.Time, change func(*posthastev1.Subscription) (bool, error)) (*Subscription, error) {
	return s.Update(ctx, tenant, id, now, func(pb *posthastev1.Subscription) (bool, error) {
		was := pb.GetSealed()
		if err := s.box.unseal(pb); err != nil {
			return false, err
		}
		changed, err := change(pb)
		if !changed && was != nil { // pb is what the caller gets
			s.box.strip(pb)
			pb.Sealed = was
		}
		return changed, err
	})
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
