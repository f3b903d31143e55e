package control

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/posthaste/posthaste/pkg/eventid"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

type principalKey struct{}

// withPrincipal hands who asks through huma, which passes handlers a context
// and nothing else of the request.
func withPrincipal(ctx context.Context, who auth.Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, who)
}

// principal is who asks: nobody, bound to no tenant, where it is missing.
func principal(ctx context.Context) auth.Principal {
	who, _ := ctx.Value(principalKey{}).(auth.Principal)
	return who
}

// tenant is the one to act for. named is what the request names, "" for
// nothing. Errors: 400 for a bad name, 403 for another tenant's.
func tenant(ctx context.Context, named string) (string, error) {
	if named != "" {
		if err := eventid.CheckTenant(named); err != nil {
			return "", problem.Validation(problem.Field{Field: "tenant", Message: strings.TrimPrefix(err.Error(), "tenant: ")})
		}
	}
	name, err := principal(ctx).For(named, event.DefaultTenant)
	if err != nil {
		return "", err
	}
	if name == "" {
		return "", problem.Scope("The key is bound to no tenant.")
	}
	return name, nil
}

// oneName is the tenant that the query or the body names.
func oneName(query, body string) (string, error) {
	if query != "" && body != "" && query != body {
		return "", problem.Validation(problem.Field{
			Field: "tenant", Message: fmt.Sprintf("the body names %.64q and the query %.64q; name one", body, query),
		})
	}
	if body != "" {
		return body, nil
	}
	return query, nil
}

// owner is the tenant whose subscription id is meant. An administrator who
// names no tenant means whoever has it; others see their own only.
func (s *Service) owner(ctx context.Context, id, named string) (string, error) {
	if !subscription.CheckID(id) {
		return "", unknown()
	}
	if !principal(ctx).Admin || named != "" {
		return tenant(ctx, named)
	}
	if found, ok := s.deps.Index.Get(id); ok {
		return found.GetTenant(), nil
	}
	// Another control may have made it a moment ago.
	name, err := s.deps.Store.Tenant(ctx, id)
	if errors.Is(err, subscription.ErrNotFound) {
		return "", unknown()
	}
	return name, err
}
