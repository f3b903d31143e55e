// Package endpoints is /v1/endpoints: the subscriptions that stand out by what
// became of their deliveries. Metrics have no label for them, of which there
// may be very many.
package endpoints

import (
	"context"
	"errors"
	"net/http"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/history"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// Resource is the resource.
type Resource struct {
	api     rest.Config
	history *history.Store
	live    *subscription.Live
}

// New makes the resource.
func New(api rest.Config, kept *history.Store, live *subscription.Live) *Resource {
	return &Resource{api: api, history: kept, live: live}
}

// Register puts the operations on the API.
func (r *Resource) Register(a *rest.API) {
	rest.Handle(a, rest.Operation{
		ID: "top-endpoints", Tag: "deliveries", Scope: auth.WebhooksRead, Method: http.MethodGet, Path: "/v1/endpoints",
		Summary: "List the subscriptions with most failed deliveries, or most of another status",
	}, r.top)
}

type topInput struct {
	Tenant string `query:"tenant" doc:"Whose; an operator's key may name any, and sees those of all tenants where it names none."`
	Sort   string `query:"sort" enum:"failed,waiting,delivered,cancelled" doc:"Which deliveries count; failed where it is left out."`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" doc:"10 where it is left out."`
}

type topOutput struct{ Body EndpointList }

func (r *Resource) top(ctx context.Context, in *topInput) (*topOutput, error) {
	owner, err := whose(ctx, in.Tenant)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	if err := r.live.Watcher.Ready(ctx); err != nil { // all would look removed
		return nil, problem.Unavailable("Subscriptions are still being loaded.", rest.RetryAfter, err)
	}
	found, err := r.history.Top(ctx, history.TopQuery{Tenant: owner, Status: in.Sort, Limit: in.Limit})
	switch {
	case errors.Is(err, history.ErrQuery):
		return nil, problem.Validation(problem.Field{Message: err.Error()})
	case err != nil:
		return nil, problem.Unavailable("The history cannot be reached at the moment.", rest.RetryAfter, err)
	}
	out := &topOutput{Body: EndpointList{Data: make([]Endpoint, len(found))}}
	for i, counts := range found {
		sub, _ := r.live.Index.Get(counts.SubscriptionID)
		out.Body.Data[i] = newEndpoint(counts, sub)
	}
	return out, nil
}

// whose is the tenant that is asked for; "" for all, which operators see.
func whose(ctx context.Context, named string) (string, error) {
	if named == "" && rest.PrincipalOf(ctx).Operator {
		return "", nil
	}
	return rest.Tenant(ctx, named)
}
