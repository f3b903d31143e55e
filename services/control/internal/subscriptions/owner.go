package subscriptions

import (
	"context"
	"errors"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// owner is the tenant whose subscription id is meant. An operator who
// names no tenant means whoever has it; others see their own only.
func (r *Resource) owner(ctx context.Context, id, named string) (string, error) {
	if !subscription.CheckID(id) {
		return "", unknown()
	}
	if !rest.PrincipalOf(ctx).Operator || named != "" {
		return rest.Tenant(ctx, named)
	}
	if found, ok := r.deps.Index.Get(id); ok {
		return found.GetTenant(), nil
	}
	// Another control may have made it a moment ago.
	name, err := r.deps.Store.Tenant(ctx, id)
	if errors.Is(err, subscription.ErrNotFound) {
		return "", unknown()
	}
	return name, err
}
