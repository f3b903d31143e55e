package subscription

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
)

// Errors that callers tell apart.
var (
	ErrNotFound = errors.New("no such subscription")
	ErrConflict = errors.New("subscription was changed by others at the same time")
)

// Store keeps subscriptions in the KV bucket. Every change is a
// compare-and-set, so two writers never undo each other.
type Store struct {
	kv   jetstream.KeyValue
	conn *nats.Conn // of kv
}

// NewStore opens the bucket that the bus has provisioned.
func NewStore(ctx context.Context, b *bus.Bus) (*Store, error) {
	kv, err := b.JS.KeyValue(ctx, bus.BucketSubscriptions)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", bus.BucketSubscriptions, err)
	}
	return &Store{kv: kv, conn: b.NC}, nil
}

// Create stores a new subscription.
func (s *Store) Create(ctx context.Context, pb *posthastev1.Subscription) (*Subscription, error) {
	value, err := proto.Marshal(pb)
	if err != nil {
		return nil, fmt.Errorf("encode subscription: %w", err)
	}
	revision, err := s.kv.Create(ctx, bus.SubscriptionKey(pb.GetTenant(), pb.GetId()), value)
	if err != nil {
		return nil, fmt.Errorf("store subscription: %w", err)
	}
	return newSubscription(pb, revision), nil
}

// Get reads the subscription as it is in the bucket now. The error is
// ErrNotFound where there is none.
func (s *Store) Get(ctx context.Context, tenant, id string) (*Subscription, error) {
	entry, err := s.kv.Get(ctx, bus.SubscriptionKey(tenant, id))
	if errors.Is(err, jetstream.ErrKeyNotFound) || errors.Is(err, jetstream.ErrInvalidKey) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read subscription %s: %w", id, err)
	}
	return decode(entry.Value(), entry.Revision())
}

// Tenant says whose subscription id is, by asking the bucket. It costs a
// consumer, so ask the Index first. id must have passed CheckID. The error is
// ErrNotFound where there is none.
func (s *Store) Tenant(ctx context.Context, id string) (string, error) {
	keys, err := s.kv.ListKeysFiltered(ctx, bus.SubscriptionKey("*", id))
	if err != nil {
		return "", fmt.Errorf("find subscription %s: %w", id, err)
	}
	tenant := ""
	for key := range keys.Keys() { // to the end, or the lister's goroutine stays
		tenant, _, _ = strings.Cut(key, ".")
	}
	switch {
	case tenant != "":
		return tenant, nil
	case ctx.Err() != nil:
		return "", fmt.Errorf("find subscription %s: %w", id, ctx.Err())
	default:
		return "", ErrNotFound
	}
}

// updateTries is how often a change is made again on top of others' changes.
// Of n writers at once one gets through in each round, so the unluckiest needs
// n tries.
const updateTries = 64

// Update applies change to the stored subscription and stores it. change may
// be called several times, each time with the newest; it returns false to
// leave the subscription as it is. Errors: ErrNotFound, ErrConflict, and those
// of change.
func (s *Store) Update(ctx context.Context, tenant, id string, now time.Time, change func(*posthastev1.Subscription) (bool, error)) (*Subscription, error) {
	for range updateTries {
		current, err := s.Get(ctx, tenant, id)
		if err != nil {
			return nil, err
		}
		changed, err := change(current.Subscription)
		if err != nil || !changed {
			return current, err
		}
		current.UpdatedAt = timestamppb.New(now)
		value, err := proto.Marshal(current.Subscription)
		if err != nil {
			return nil, fmt.Errorf("encode subscription %s: %w", id, err)
		}
		revision, err := s.kv.Update(ctx, bus.SubscriptionKey(tenant, id), value, current.Revision)
		if err == nil {
			return newSubscription(current.Subscription, revision), nil
		}
		if !conflict(err) {
			return nil, fmt.Errorf("store subscription %s: %w", id, err)
		}
	}
	return nil, fmt.Errorf("%w: gave up after %d tries", ErrConflict, updateTries)
}

// Delete removes the subscription and returns it as it was last. Errors:
// ErrNotFound, ErrConflict.
func (s *Store) Delete(ctx context.Context, tenant, id string) (*Subscription, error) {
	for range updateTries {
		current, err := s.Get(ctx, tenant, id)
		if err != nil {
			return nil, err
		}
		err = s.kv.Delete(ctx, bus.SubscriptionKey(tenant, id), jetstream.LastRevision(current.Revision))
		if err == nil {
			return current, nil
		}
		if !conflict(err) {
			return nil, fmt.Errorf("remove subscription %s: %w", id, err)
		}
	}
	return nil, fmt.Errorf("%w: gave up after %d tries", ErrConflict, updateTries)
}

// Disable marks the subscription disabled and says whether it was this call
// that did it.
func (s *Store) Disable(ctx context.Context, tenant, id, reason string, now time.Time) (sub *Subscription, did bool, err error) {
	sub, err = s.Update(ctx, tenant, id, now, func(pb *posthastev1.Subscription) (bool, error) {
		did = pb.GetStatus() != posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_DISABLED
		if !did {
			return false, nil // the first reason and time stand
		}
		pb.Status = posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_DISABLED
		pb.DisabledReason = reason
		pb.DisabledAt = timestamppb.New(now)
		return true, nil
	})
	return sub, did && err == nil, err
}

// conflict says whether somebody else wrote the key since it was read. The
// server has two codes for that, one of them for replicated buckets; the
// client's error stands for both.
func conflict(err error) bool { return errors.Is(err, jetstream.ErrKeyRevisionMismatch) }
