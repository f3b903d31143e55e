// Package audit is /v1/audit: whether what went into the pipeline came out, and
// where the rest is. It is of the whole installation, so operators alone see it.
package audit

import (
	"context"
	"errors"
	"net/http"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/books"
	"github.com/posthaste/posthaste/services/internal/problem"
)

// Resource is the resource.
type Resource struct{ auditor *books.Auditor }

// New makes the resource.
func New(auditor *books.Auditor) *Resource { return &Resource{auditor} }

// Register puts the operations on the API.
func (r *Resource) Register(a *rest.API) {
	rest.Handle(a, rest.Operation{
		ID: "audit", Tag: "audit", Scope: auth.Admin, Method: http.MethodGet, Path: "/v1/audit",
		Summary: "Balance what was accepted with what became of it", Further: []int{http.StatusNotFound},
	}, r.look)
	rest.Handle(a, rest.Operation{
		ID: "open-audit", Tag: "audit", Scope: auth.Admin, Method: http.MethodPost, Path: "/v1/audit/open",
		Summary: "Open the books anew from what is there", Further: []int{http.StatusNotFound, http.StatusConflict},
	}, r.open)
}

// BooksAnswer is how the books stand.
type BooksAnswer struct {
	Data books.Books `json:"data"`
}

type output struct{ Body BooksAnswer }

func (r *Resource) look(ctx context.Context, _ *struct{}) (*output, error) {
	return answer(ctx, r.auditor.Look)
}

func (r *Resource) open(ctx context.Context, _ *struct{}) (*output, error) {
	return answer(ctx, r.auditor.Reopen)
}

func answer(ctx context.Context, do func(context.Context) (*books.Books, error)) (*output, error) {
	if !rest.PrincipalOf(ctx).Operator {
		return nil, problem.NotFound("The books are of the whole installation; only an operator's key sees them.")
	}
	found, err := do(ctx)
	if errors.Is(err, books.ErrMoving) {
		return nil, problem.Conflict("Something moved within the last three seconds; the books are opened at rest. Try again.")
	}
	if err != nil {
		return nil, err
	}
	return &output{Body: BooksAnswer{Data: *found}}, nil
}
