package tenant

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/kv"
)

// Put stores t in the place of what was set for the tenant, whose time of
// creation it keeps. It returns what is stored and its revision, for Await.
func (l *Live) Put(ctx context.Context, t *posthastev1.Tenant, now time.Time) (*posthastev1.Tenant, uint64, error) {
	t = proto.CloneOf(t)
	t.CreatedAt, t.UpdatedAt = timestamppb.New(now), timestamppb.New(now)
	if err := check(t); err != nil {
		return nil, 0, err
	}
	for { // until no other creates or removes it in between
		stored, revision, err := l.Update(ctx, t.GetName(), now, func(old *posthastev1.Tenant) (bool, error) {
			created := old.GetCreatedAt()
			proto.Reset(old)
			proto.Merge(old, t)
			old.CreatedAt = created
			return true, nil
		})
		if !errors.Is(err, ErrNotFound) {
			return stored, revision, err
		}
		revision, err = l.bucket.Create(ctx, t.GetName(), t)
		if !errors.Is(err, kv.ErrExists) {
			return t, revision, err
		}
	}
}

// Update applies change to what was set for the tenant. change may be called
// several times, each time with the newest; it returns false to leave the record
// as it is. Errors: ErrNotFound, ErrConflict, and those of change.
func (l *Live) Update(ctx context.Context, name string, now time.Time, change func(*posthastev1.Tenant) (bool, error)) (*posthastev1.Tenant, uint64, error) {
	return l.bucket.Update(ctx, name, func(t *posthastev1.Tenant) (bool, error) {
		changed, err := change(t)
		if err != nil || !changed {
			return false, err
		}
		t.Name = name
		t.UpdatedAt = timestamppb.New(now)
		return true, check(t)
	})
}

// Delete removes what was set for the tenant, who has the server's defaults
// then, and returns it as it was last. Errors: ErrNotFound, ErrConflict.
func (l *Live) Delete(ctx context.Context, name string) (*posthastev1.Tenant, error) {
	t, _, err := l.bucket.Delete(ctx, name)
	return t, err
}
