package client

import (
	"context"
	"net/http"
	"time"
)

// What Tenant.EventTypeEnforcement may be.
const (
	EnforceOff    = "off"
	EnforceSchema = "schema" // data must match the type's schema
	EnforceKnown  = "known"  // and the type must be in the catalogue
)

// Tenant is what is set for a tenant.
type Tenant struct {
	Name string `json:"name"`
	TenantSettings
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// TenantSettings are what can be set; "" is the server's.
type TenantSettings struct {
	Dialect              string `json:"dialect,omitempty"`
	EventTypeEnforcement string `json:"eventTypeEnforcement,omitempty"` // EnforceOff and those beside it
}

// TenantsService reads and writes tenants, which takes a key with ScopeAdmin: an
// operator's, or that of the tenant itself.
type TenantsService struct{ core *core }

// List reads all tenants for which something is set.
func (s *TenantsService) List(ctx context.Context) ([]Tenant, error) {
	return fetchList[Tenant](ctx, s.core, call{method: http.MethodGet, path: []string{"tenants"}})
}

// Get reads one.
func (s *TenantsService) Get(ctx context.Context, name string) (*Tenant, error) {
	return fetchData[Tenant](ctx, s.core, call{method: http.MethodGet, path: []string{"tenants", name}})
}

// Put sets all that can be set.
func (s *TenantsService) Put(ctx context.Context, name string, in TenantSettings) (*Tenant, error) {
	return fetchData[Tenant](ctx, s.core, call{method: http.MethodPut, path: []string{"tenants", name}, body: in})
}

// Delete goes back to the server's settings. The tenant's subscriptions and
// events stay.
func (s *TenantsService) Delete(ctx context.Context, name string) error {
	return s.core.do(ctx, call{method: http.MethodDelete, path: []string{"tenants", name}}, nil)
}
