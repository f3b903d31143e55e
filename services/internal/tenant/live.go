// Package tenant keeps the settings of tenants. A tenant without a record has
// the server's defaults, so most have none.
package tenant

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/posthaste/posthaste/pkg/eventid"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/kv"
)

// Errors that callers tell apart. A name that no tenant can have gives
// eventid.ErrName.
var (
	ErrNotFound = kv.ErrNotFound
	ErrConflict = kv.ErrConflict
)

// Live is the bucket with a memory that is kept like it while Run runs. What it
// returns is shared: nobody changes it.
type Live struct {
	*kv.Mirror
	bucket *kv.Bucket[*posthastev1.Tenant]
	table  *kv.Table[*posthastev1.Tenant, *posthastev1.Tenant]
}

// Open opens the bucket that the bus has provisioned. The memory fills once Run
// runs.
func Open(ctx context.Context, b *bus.Bus, log *slog.Logger) (*Live, error) {
	bucket, err := kv.Open[*posthastev1.Tenant](ctx, b, bus.BucketTenants, "tenant")
	if err != nil {
		return nil, err
	}
	table := kv.NewTable(func(t *posthastev1.Tenant) (*posthastev1.Tenant, error) { return t, nil })
	return &Live{Mirror: kv.NewMirror(bucket, table, log), bucket: bucket, table: table}, nil
}

// Get returns what was set for the tenant; ok is false where nothing was.
func (l *Live) Get(name string) (t *posthastev1.Tenant, ok bool) { return l.table.Get(name) }

// List returns the tenants that have a record, by name.
func (l *Live) List() []*posthastev1.Tenant {
	all := l.table.Under("")
	slices.SortFunc(all, func(a, b *posthastev1.Tenant) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return all
}

// AwaitRemoved returns when the memory does not hold the tenant any more, or ctx
// ends.
func (l *Live) AwaitRemoved(ctx context.Context, name string) error {
	return l.AwaitUntil(ctx, func() bool { _, ok := l.Get(name); return !ok })
}

// check holds what is true of every stored tenant.
func check(t *posthastev1.Tenant) error {
	if err := eventid.CheckTenant(t.GetName()); err != nil {
		return err
	}
	if _, ok := posthastev1.EventTypeEnforcement_name[int32(t.GetEnforcement())]; !ok {
		return fmt.Errorf("tenant %s: enforcement %d is none of off, schema and known", t.GetName(), t.GetEnforcement())
	}
	return nil
}
