package rest

import (
	"context"
	"fmt"
	"strings"

	"github.com/posthaste/posthaste/pkg/eventid"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/problem"
)

type principalKey struct{}

// withPrincipal hands who asks through huma, which passes handlers a context
// and nothing else of the request.
func withPrincipal(ctx context.Context, who auth.Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, who)
}

// PrincipalOf is who asks: nobody, bound to no tenant, where it is missing.
func PrincipalOf(ctx context.Context) auth.Principal {
	who, _ := ctx.Value(principalKey{}).(auth.Principal)
	return who
}

// Tenant is the one to act for. named is what the request names, "" for
// nothing. Errors: 400 for a bad name, 403 for another tenant's.
func Tenant(ctx context.Context, named string) (string, error) {
	if named != "" {
		if err := eventid.CheckTenant(named); err != nil {
			return "", problem.Validation(problem.Field{Field: "tenant", Message: strings.TrimPrefix(err.Error(), "tenant: ")})
		}
	}
	name, err := PrincipalOf(ctx).For(named, event.DefaultTenant)
	if err != nil {
		return "", err
	}
	if name == "" {
		return "", problem.Scope("The key is bound to no tenant.")
	}
	return name, nil
}

// OneName is the tenant that the query or the body names.
func OneName(query, body string) (string, error) {
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
