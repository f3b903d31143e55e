package tenants

import (
	"context"
	"slices"
	"strings"

	"github.com/posthaste/posthaste/pkg/eventid"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/rest"
)

// PutTenantRequest is the body of a PUT.
type PutTenantRequest struct {
	Dialect     *string `json:"dialect,omitempty" doc:"Of subscriptions that name none; null for the server's."`
	Enforcement *string `json:"eventTypeEnforcement,omitempty" enum:"off,schema,known" doc:"Which events are refused: none, those whose data does not fit the schema of their type, those of unknown types too; null for the server's."`
}

type putInput struct {
	Name string `path:"name"`
	Body rest.Body[PutTenantRequest]
}

func (r *Resource) put(ctx context.Context, in *putInput) (*oneOutput, error) {
	if err := own(ctx, in.Name); err != nil {
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
		return nil, storeError(err)
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
