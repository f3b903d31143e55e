package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/posthaste/posthaste/services/internal/problem"
)

// Principal is who makes a request.
type Principal struct {
	// Key is the id of the key; empty for the bootstrap key.
	Key string
	// Tenant that the key is bound to; empty for an operator's.
	Tenant string
	// Operator may act for every tenant.
	Operator bool
	// Scopes are what the key may do.
	Scopes Scopes
	// Expires is when the key does; zero for never.
	Expires time.Time

	use *use // nil where nothing is counted
}

// For returns the tenant to act for when the request names named ("" for
// none), or a 403. It is the same whether or not there is such a tenant.
func (p Principal) For(named, fallback string) (string, error) {
	switch {
	case p.Operator && named != "":
		return named, nil
	case p.Operator:
		return fallback, nil
	case named != "" && named != p.Tenant:
		return "", problem.Scope("The key is bound to another tenant.")
	default:
		return p.Tenant, nil
	}
}

// Sees says whether what the tenant has may be known to the key.
func (p Principal) Sees(tenant string) bool {
	return p.Operator || tenant != "" && tenant == p.Tenant
}

// Need is a 403 where the key lacks one of the scopes.
func (p Principal) Need(scopes Scopes) error {
	if p.Scopes.Have(scopes) {
		return nil
	}
	err := problem.Scope(fmt.Sprintf("The key lacks the scope %s.", scopes&^p.Scopes))
	err.Details = map[string]any{"scopes": scopes.Names()}
	return err
}

// Valid is ctx until the key is revoked or expires. An answer without an end
// ends with it.
func (p Principal) Valid(ctx context.Context) (context.Context, context.CancelFunc) {
	stop := func() {}
	if !p.Expires.IsZero() {
		ctx, stop = context.WithDeadline(ctx, p.Expires)
	}
	ctx, cancel := context.WithCancel(ctx)
	if p.use != nil {
		go func() {
			select {
			case <-p.use.revoked:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	return ctx, func() { cancel(); stop() }
}
