package tenant

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// Put stores t in the place of what was set for the tenant, whose time of
// creation it keeps. It returns what is stored and its revision, for Await.
func (l *Live) Put(ctx context.Context, t *posthastev1.Tenant, now time.Time) (*posthastev1.Tenant, uint64, error) {
	t = proto.CloneOf(t)
	t.CreatedAt, t.UpdatedAt = timestamppb.New(now), timestamppb.New(now)
	if err := check(t); err != nil {
		return nil, 0, err
	}
	keep := func(old *posthastev1.Tenant) { t.CreatedAt = old.GetCreatedAt() }
	return l.bucket.Replace(ctx, t.GetName(), t, keep, func() error { return nil })
}

// Delete removes what was set for the tenant, who has the server's defaults
// then, and returns it as it was last. Errors: ErrNotFound, ErrConflict.
func (l *Live) Delete(ctx context.Context, name string) (*posthastev1.Tenant, error) {
	t, _, err := l.bucket.Delete(ctx, name)
	return t, err
}
