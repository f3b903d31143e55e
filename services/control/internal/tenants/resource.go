// Package tenants is /v1/tenants: what is set for one owner of events and
// subscriptions. An operator's key sees all, any other its own tenant.
package tenants

import (
	"context"
	"errors"
	"net/http"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/tenant"
)

const (
	collection = "/v1/tenants"
	one        = collection + "/{name}"
)

// Resource is the resource.
type Resource struct {
	api      rest.Config
	tenants  *tenant.Live
	dialects *dialect.Set
	now      func() time.Time
}

// New makes the resource.
func New(api rest.Config, tenants *tenant.Live, dialects *dialect.Set, now func() time.Time) *Resource {
	return &Resource{api: api, tenants: tenants, dialects: dialects, now: now}
}

// Register puts the operations on the API.
func (r *Resource) Register(a *rest.API) {
	operation := func(id, method, path, summary string, further ...int) rest.Operation {
		return rest.Operation{ID: id, Tag: "tenants", Scope: auth.Admin, Method: method, Path: path, Summary: summary, Body: method == http.MethodPut, Further: further}
	}
	rest.Handle(a, operation("list-tenants", http.MethodGet, collection, "List the tenants that something was set for"), r.list)
	rest.Handle(a, operation("get-tenant", http.MethodGet, one, "Read what was set for a tenant", http.StatusNotFound), r.get)
	rest.Handle(a, operation("put-tenant", http.MethodPut, one, "Set a tenant's default dialect and how strict its catalogue is", http.StatusNotFound, http.StatusConflict), r.put)
	rest.Handle(a, operation("delete-tenant", http.MethodDelete, one, "Go back to the server's defaults", http.StatusNotFound, http.StatusConflict), r.remove)
}

// Tenant is what was set for a tenant.
type Tenant struct {
	Name        string    `json:"name"`
	Dialect     *string   `json:"dialect" doc:"null for the server's."`
	Enforcement *string   `json:"eventTypeEnforcement" enum:"off,schema,known" doc:"null for the server's."`
	CreatedAt   time.Time `json:"createdAt"`
	UpdatedAt   time.Time `json:"updatedAt"`
}

// TenantAnswer is one tenant.
type TenantAnswer struct {
	Data Tenant `json:"data"`
}

// TenantList is the tenants that something was set for.
type TenantList struct {
	Data []Tenant `json:"data" nullable:"false"`
}

type listOutput struct{ Body TenantList }

type oneInput struct {
	Name string `path:"name"`
}

type oneOutput struct{ Body TenantAnswer }

// own is a 404 for another's tenant, as it is for one that nothing was set for.
func own(ctx context.Context, name string) error {
	if !rest.PrincipalOf(ctx).Sees(name) {
		return unknown()
	}
	return nil
}

func (r *Resource) list(ctx context.Context, _ *struct{}) (*listOutput, error) {
	if err := r.tenants.Ready(ctx); err != nil {
		return nil, problem.Unavailable("Tenants are still being loaded.", rest.RetryAfter, err)
	}
	out := &listOutput{Body: TenantList{Data: []Tenant{}}}
	for _, t := range r.tenants.List() {
		if rest.PrincipalOf(ctx).Sees(t.GetName()) {
			out.Body.Data = append(out.Body.Data, view(t))
		}
	}
	return out, nil
}

func (r *Resource) get(ctx context.Context, in *oneInput) (*oneOutput, error) {
	if err := own(ctx, in.Name); err != nil {
		return nil, err
	}
	if err := r.tenants.Ready(ctx); err != nil {
		return nil, problem.Unavailable("Tenants are still being loaded.", rest.RetryAfter, err)
	}
	t, ok := r.tenants.Get(in.Name)
	if !ok {
		return nil, unknown()
	}
	return &oneOutput{Body: TenantAnswer{Data: view(t)}}, nil
}

func (r *Resource) remove(ctx context.Context, in *oneInput) (*oneOutput, error) {
	if err := own(ctx, in.Name); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	t, err := r.tenants.Delete(ctx, in.Name)
	if err != nil {
		return nil, storeError(err)
	}
	_ = r.api.Applied(ctx, func(ctx context.Context) error { return r.tenants.AwaitRemoved(ctx, in.Name) })
	return &oneOutput{Body: TenantAnswer{Data: view(t)}}, nil
}

// storeError gives the store's own errors their answers.
func storeError(err error) error {
	switch {
	case errors.Is(err, tenant.ErrNotFound):
		return unknown()
	case errors.Is(err, tenant.ErrConflict):
		return problem.Conflict("The tenant was changed by others at the same time; try again.")
	default:
		return err
	}
}

func unknown() error {
	return problem.NotFound("Nothing was set for a tenant of this name; it has the server's defaults.")
}

func view(t *posthastev1.Tenant) Tenant {
	v := Tenant{Name: t.GetName(), CreatedAt: rest.Moment(t.GetCreatedAt()), UpdatedAt: rest.Moment(t.GetUpdatedAt())}
	if t.GetDialect() != "" {
		v.Dialect = &t.Dialect
	}
	if i := int(t.GetEnforcement()) - 1; i >= 0 && i < len(levels) {
		level := levels[i]
		v.Enforcement = &level
	}
	return v
}
