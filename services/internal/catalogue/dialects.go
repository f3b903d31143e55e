package catalogue

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/tenant"
)

// OpenAll opens what tenants have set, and the catalogue that goes by it and by
// the dialects' own types. Both fill once they run.
func OpenAll(ctx context.Context, b *bus.Bus, cfg Config, dialects *dialect.Set, log *slog.Logger) (*tenant.Live, *Live, error) {
	tenants, err := tenant.Open(ctx, b, log)
	if err != nil {
		return nil, nil, err
	}
	builtin, err := OfDialects(dialects, tenants)
	if err != nil {
		return nil, nil, err
	}
	types, err := Open(ctx, b, cfg, tenants, builtin, log)
	return tenants, types, err
}

// OfDialects lists for a tenant the types of its dialect, or of the server's
// where it has set none.
func OfDialects(dialects *dialect.Set, tenants Tenants) (Builtin, error) {
	byDialect := make(map[string][]Entry)
	for _, d := range dialects.All() {
		for _, t := range d.EventTypes {
			entry, err := NewEntry(ofDialect(t), OfDialect)
			if err != nil {
				return nil, fmt.Errorf("event type %s of dialect %s: %w", t.Name, d.Name, err)
			}
			byDialect[d.Name] = append(byDialect[d.Name], entry)
		}
	}
	return func(tenant string) []Entry {
		settings, _ := tenants.Get(tenant)
		return byDialect[cmp.Or(settings.GetDialect(), dialects.Default().Name)]
	}, nil
}

func ofDialect(t dialect.EventType) *posthastev1.EventType {
	pb := &posthastev1.EventType{Name: t.Name, Description: t.Description, Example: t.Example, Deprecated: t.Deprecated}
	if !t.Sunset.IsZero() {
		pb.Sunset = timestamppb.New(t.Sunset)
	}
	return pb
}
