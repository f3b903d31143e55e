// Package tenants is /v1/tenants, for administrators: what is set for one owner
// of events and subscriptions.
package tenants

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/posthaste/posthaste/pkg/eventid"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/rest"
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
		return rest.Operation{ID: id, Tag: "tenants", Method: method, Path: path, Summary: summary, Body: method == http.MethodPut, Further: further}
	}
	rest.Handle(a, operation("list-tenants", http.MethodGet, collection, "List the tenants that something was set for"), r.list)
	rest.Handle(a, operation("get-tenant", http.MethodGet, one, "Read what was set for a tenant", http.StatusNotFound), r.get)
	rest.Handle(a, operation("put-tenant", http.MethodPut, one, "Set a tenant's default dialect and how strict its catalogue is"), r.put)
	rest.Handle(a, operation("delete-tenant", http.MethodDelete, one, "Go back to the server's defaults", http.StatusNotFound), r.remove)
}

// PutTenantRequest is the body of a PUT.
type PutTenantRequest struct {
	Dialect     *string `json:"dialect,omitempty" doc:"Of subscriptions that name none; null for the server's."`
	Enforcement *string `json:"eventTypeEnforcement,omitempty" enum:"off,schema,known" doc:"Which events are refused: none, those whose data does not fit the schema of their type, those of unknown types too; null for the server's."`
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

type putInput struct {
	Name string `path:"name"`
	Body rest.Body[PutTenantRequest]
}

// administrator is a 403 for keys that are bound to a tenant.
func administrator(ctx context.Context) error {
	if !rest.PrincipalOf(ctx).Admin {
		return problem.Scope("Only an administrator's key may see and change tenants.")
	}
	return nil
}

func (r *Resource) list(ctx context.Context, _ *struct{}) (*listOutput, error) {
	if err := administrator(ctx); err != nil {
		return nil, err
	}
	if err := r.tenants.Ready(ctx); err != nil {
		return nil, problem.Unavailable("Tenants are still being loaded.", rest.RetryAfter, err)
	}
	out := &listOutput{Body: TenantList{Data: []Tenant{}}}
	for _, t := range r.tenants.List() {
		out.Body.Data = append(out.Body.Data, view(t))
	}
	return out, nil
}

func (r *Resource) get(ctx context.Context, in *oneInput) (*oneOutput, error) {
	if err := administrator(ctx); err != nil {
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

func (r *Resource) put(ctx context.Context, in *putInput) (*oneOutput, error) {
	if err := administrator(ctx); err != nil {
		return nil, err
	}
	req, err := in.Body.Decode()
	if err != nil {
		return nil, err
	}
	t, err := r.read(in.Name, req)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	stored, revision, err := r.tenants.Put(ctx, t, r.now())
	if err != nil {
		return nil, err
	}
	_ = r.api.Applied(ctx, func(ctx context.Context) error { return r.tenants.Await(ctx, revision) })
	return &oneOutput{Body: TenantAnswer{Data: view(stored)}}, nil
}

func (r *Resource) read(name string, req *PutTenantRequest) (*posthastev1.Tenant, error) {
	var f rest.Faults
	t := &posthastev1.Tenant{Name: name}
	if err := eventid.CheckTenant(name); err != nil {
		f.Add("name", "%s", strings.TrimPrefix(err.Error(), "tenant: "))
	}
	if req.Dialect != nil {
		t.Dialect = *req.Dialect
		if _, ok := r.dialects.Get(t.Dialect); !ok {
			f.Add("dialect", "%.64q is not known; known are %s", t.Dialect, strings.Join(r.dialects.Names(), ", "))
		}
	}
	if req.Enforcement != nil {
		i := slices.Index(levels, *req.Enforcement)
		if i < 0 {
			f.Add("eventTypeEnforcement", "must be one of %s", strings.Join(levels, ", "))
		}
		t.Enforcement = posthastev1.EventTypeEnforcement(i + 1)
	}
	return t, f.Err()
}

// levels are the enforcements, in the order of their numbers from 1.
var levels = []string{"off", "schema", "known"}

func (r *Resource) remove(ctx context.Context, in *oneInput) (*oneOutput, error) {
	if err := administrator(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	t, err := r.tenants.Delete(ctx, in.Name)
	if errors.Is(err, tenant.ErrNotFound) || errors.Is(err, eventid.ErrName) {
		return nil, unknown()
	}
	if err != nil {
		return nil, err
	}
	_ = r.api.Applied(ctx, func(ctx context.Context) error { return r.tenants.AwaitRemoved(ctx, in.Name) })
	return &oneOutput{Body: TenantAnswer{Data: view(t)}}, nil
}

func unknown() error {
	return problem.NotFound("Nothing was set for a tenant of this name; it has the server's defaults.")
}

func view(t *posthastev1.Tenant) Tenant {
	v := Tenant{Name: t.GetName(), CreatedAt: moment(t.GetCreatedAt()), UpdatedAt: moment(t.GetUpdatedAt())}
	if t.GetDialect() != "" {
		v.Dialect = &t.Dialect
	}
	if i := int(t.GetEnforcement()) - 1; i >= 0 && i < len(levels) {
		level := levels[i]
		v.Enforcement = &level
	}
	return v
}

func moment(at *timestamppb.Timestamp) time.Time { return at.AsTime().Truncate(time.Millisecond) }
