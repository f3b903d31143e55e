// Package dialects is /v1/dialects: what a subscription may name.
package dialects

import (
	"context"
	"net/http"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/dialect"
)

// Resource is the resource.
type Resource struct{ set *dialect.Set }

// New makes the resource.
func New(set *dialect.Set) *Resource { return &Resource{set: set} }

// Register puts the operation on the API.
func (r *Resource) Register(a *rest.API) {
	rest.Handle(a, rest.Operation{ID: "list-dialects", Tag: "dialects", Scope: auth.WebhooksRead, Method: http.MethodGet, Path: "/v1/dialects", Summary: "List the dialects that a subscription may name"}, r.list)
}

// DialectList is all dialects.
type DialectList struct {
	Data []Dialect `json:"data" nullable:"false"`
}

// Dialect is how deliveries look and fail.
type Dialect struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Default     bool   `json:"default" doc:"Of subscriptions that name none and whose tenant has none."`
}

type listOutput struct{ Body DialectList }

func (r *Resource) list(context.Context, *struct{}) (*listOutput, error) {
	out := &listOutput{}
	for _, d := range r.set.All() {
		out.Body.Data = append(out.Body.Data, Dialect{Name: d.Name, Description: d.Description, Default: d == r.set.Default()})
	}
	return out, nil
}
