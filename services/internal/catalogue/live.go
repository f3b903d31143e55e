package catalogue

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/kv"
)

// Tenants says how strict a tenant is. Package tenant's Live does.
type Tenants interface {
	Get(name string) (*posthastev1.Tenant, bool)
}

// Builtin lists the types that a tenant's dialect brings along. It is asked for
// every event of a type that nobody has set, so it returns the same slice each
// time; nobody changes that.
type Builtin func(tenant string) []Entry

// Live is the catalogue with a memory that is kept like its bucket while Run
// runs.
type Live struct {
	*kv.Mirror
	cfg     Config
	bucket  *kv.Bucket[*posthastev1.EventType]
	index   *index
	tenants Tenants
	builtin Builtin
}

// Open opens the bucket that the bus has provisioned. The memory fills once Run
// runs. builtin may be nil: no dialect has types then.
func Open(ctx context.Context, b *bus.Bus, cfg Config, tenants Tenants, builtin Builtin, log *slog.Logger) (*Live, error) {
	bucket, err := kv.Open[*posthastev1.EventType](ctx, b, bus.BucketEventTypes, "event type")
	if err != nil {
		return nil, err
	}
	if builtin == nil {
		builtin = func(string) []Entry { return nil }
	}
	x := newIndex()
	return &Live{Mirror: kv.NewMirror(bucket, x, log), cfg: cfg, bucket: bucket, index: x, tenants: tenants, builtin: builtin}, nil
}

// Get returns the type as the tenant sees it. An empty tenant sees what the
// server has for all, and no dialect's.
func (l *Live) Get(tenant, name string) (Entry, bool) {
	if tenant != "" {
		if e, ok := l.index.get(tenant, name); ok {
			return e, true
		}
	}
	if e, ok := l.index.get(Server, name); ok || tenant == "" {
		return e, ok
	}
	for _, e := range l.builtin(tenant) {
		if e.GetName() == name {
			return e, true
		}
	}
	return Entry{}, false
}

// List returns the types as the tenant sees them, by name; see Get.
func (l *Live) List(tenant string) []Entry {
	all := make(map[string]Entry)
	if tenant != "" {
		for _, e := range l.builtin(tenant) {
			all[e.GetName()] = e
		}
	}
	maps.Copy(all, l.index.of(Server))
	if tenant != "" {
		maps.Copy(all, l.index.of(tenant))
	}
	return slices.SortedFunc(maps.Values(all), func(a, b Entry) int { return cmp.Compare(a.GetName(), b.GetName()) })
}

// AwaitRemoved returns when the memory does not hold the tenant's own entry any
// more, or ctx ends. An empty tenant stands for the server.
func (l *Live) AwaitRemoved(ctx context.Context, tenant, name string) error {
	return l.AwaitUntil(ctx, func() bool { _, ok := l.index.get(owner(tenant), name); return !ok })
}
