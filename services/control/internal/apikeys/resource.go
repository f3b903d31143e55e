// Package apikeys is /v1/api-keys: who may use the API, for whom, and what they
// may do.
package apikeys

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/problem"
)

const (
	collection = "/v1/api-keys"
	one        = collection + "/{id}"
)

// Resource is the resource.
type Resource struct {
	cfg  Config
	api  rest.Config
	keys *auth.Live
	log  *slog.Logger
	now  func() time.Time
}

// New makes the resource.
func New(cfg Config, api rest.Config, keys *auth.Live, log *slog.Logger, now func() time.Time) *Resource {
	return &Resource{cfg: cfg, api: api, keys: keys, log: log, now: now}
}

// Register puts the operations on the API.
func (r *Resource) Register(a *rest.API) {
	operation := func(id, method, path, summary string, status int, further ...int) rest.Operation {
		return rest.Operation{
			ID: id, Tag: "api-keys", Scope: auth.Admin, Method: method, Path: path, Status: status, Summary: summary,
			Body: method == http.MethodPost, Further: further,
		}
	}
	const notFound, conflict = http.StatusNotFound, http.StatusConflict
	rest.Handle(a, operation("create-api-key", http.MethodPost, collection, "Make an API key, which is shown this once", http.StatusCreated, conflict), r.create)
	rest.Handle(a, operation("list-api-keys", http.MethodGet, collection, "List the API keys of a tenant, oldest first", http.StatusOK), r.list)
	rest.Handle(a, operation("get-api-key", http.MethodGet, one, "Read what is known of an API key", http.StatusOK, notFound), r.get)
	rest.Handle(a, operation("revoke-api-key", http.MethodDelete, one, "Revoke an API key for good", http.StatusOK, notFound, conflict), r.revoke)
}

type listInput struct {
	Tenant   string `query:"tenant" doc:"Whose; an operator's key may name any."`
	Operator bool   `query:"operator" doc:"Those of operators; for operators."`
}

type listOutput struct{ Body APIKeyList }

func (r *Resource) list(ctx context.Context, in *listInput) (*listOutput, error) {
	owner, err := ownerOf(ctx, in.Tenant, in.Operator)
	if err != nil {
		return nil, err
	}
	if err := r.keys.Ready(ctx); err != nil {
		return nil, problem.Unavailable("API keys are still being loaded.", rest.RetryAfter, err)
	}
	out := &listOutput{Body: APIKeyList{Data: []APIKey{}}}
	for _, k := range r.keys.Of(owner) {
		out.Body.Data = append(out.Body.Data, r.view(k.ApiKey))
	}
	return out, nil
}

// ownerOf is the tenant that is meant, "" for operators.
func ownerOf(ctx context.Context, named string, operator bool) (string, error) {
	switch {
	case !operator:
		return rest.Tenant(ctx, named)
	case !rest.PrincipalOf(ctx).Operator:
		return "", problem.Scope("Only an operator's key may see and make keys of operators.")
	case named != "":
		return "", problem.Validation(problem.Field{Field: "tenant", Message: "must be left out where operator is true: such a key has none"})
	default:
		return "", nil
	}
}

type oneInput struct {
	ID     string `path:"id" doc:"phk_…"`
	Tenant string `query:"tenant" doc:"Whose it is; an operator's key may leave it out."`
}

type oneOutput struct{ Body APIKeyAnswer }

func (r *Resource) get(ctx context.Context, in *oneInput) (*oneOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	pb, err := r.find(ctx, in)
	if err != nil {
		return nil, err
	}
	return &oneOutput{Body: APIKeyAnswer{Data: r.view(pb)}}, nil
}

// find is a 404 for the key of another, as it is for one that nobody has.
func (r *Resource) find(ctx context.Context, in *oneInput) (*posthastev1.ApiKey, error) {
	if in.Tenant != "" {
		if _, err := rest.Tenant(ctx, in.Tenant); err != nil {
			return nil, err
		}
	}
	pb, err := r.keys.Get(ctx, in.ID)
	switch {
	case err != nil:
		return nil, storeError(err)
	case !rest.PrincipalOf(ctx).Sees(pb.GetTenant()), in.Tenant != "" && in.Tenant != pb.GetTenant():
		return nil, unknown()
	}
	return pb, nil
}

// revoke answers when this process lets the key in no more; the others follow
// within milliseconds, and what goes on with it ends.
func (r *Resource) revoke(ctx context.Context, in *oneInput) (*oneOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	pb, err := r.find(ctx, in)
	if err != nil {
		return nil, err
	}
	shown := r.view(pb) // with its last use, which goes with it
	if _, err := r.keys.Delete(ctx, in.ID); err != nil {
		return nil, storeError(err)
	}
	r.log.InfoContext(ctx, "API key revoked", "key", in.ID, "tenant", pb.GetTenant(), "by", by(ctx))
	_ = r.api.Applied(ctx, func(ctx context.Context) error { return r.keys.AwaitRemoved(ctx, in.ID) })
	return &oneOutput{Body: APIKeyAnswer{Data: shown}}, nil
}

// by names who did something, in the log.
func by(ctx context.Context) string {
	if id := rest.PrincipalOf(ctx).Key; id != "" {
		return id
	}
	return "bootstrap"
}

func unknown() error { return problem.NotFound("There is no such API key.") }

// storeError gives the store's own errors their answers.
func storeError(err error) error {
	switch {
	case errors.Is(err, auth.ErrNotFound):
		return unknown()
	case errors.Is(err, auth.ErrConflict):
		return problem.Conflict("The API key was changed by others at the same time; try again.")
	default:
		return err
	}
}
