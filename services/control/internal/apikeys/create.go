package apikeys

import (
	"context"
	"fmt"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/idempotency"
	"github.com/posthaste/posthaste/services/internal/problem"
)

// CreateAPIKeyRequest is the body of a POST.
type CreateAPIKeyRequest struct {
	Name        string             `json:"name" minLength:"1" maxLength:"64" doc:"For people."`
	Description string             `json:"description,omitempty" maxLength:"1024" doc:"For people."`
	Tenant      string             `json:"tenant,omitempty" doc:"Whom it is bound to; only an operator's key may name another than its own. Left out: as everywhere."`
	Operator    bool               `json:"operator,omitempty" doc:"It is bound to no tenant and may name any; only an operator's key may make one."`
	Scopes      []string           `json:"scopes" minItems:"1" nullable:"false" doc:"What it may do: events:write, events:read, webhooks:read, webhooks:write, admin. None that the key which makes it lacks."`
	ExpiresAt   *time.Time         `json:"expiresAt,omitempty" doc:"Left out: never, or when the key does which makes it."`
	RateLimit   *APIKeyRateRequest `json:"rateLimit,omitempty" doc:"Of each process; only an operator's key may set it. Left out: that of the key which makes it."`
}

// APIKeyRateRequest bounds the requests of a key to each process.
type APIKeyRateRequest struct {
	RequestsPerSecond float64 `json:"requestsPerSecond" minimum:"0" maximum:"1000000" doc:"0 for no limit."`
	Burst             int     `json:"burst,omitempty" minimum:"1" maximum:"1000000" doc:"Requests at once. Left out: those of two seconds."`
}

type createInput struct {
	IdempotencyKey string `header:"Idempotency-Key" doc:"8 to 128 characters. The answer shows the key and is not kept: sent again it is a 409, and makes no second key."`
	Tenant         string `query:"tenant" doc:"Whose it is; an operator's key may name any."`
	Body           rest.Body[CreateAPIKeyRequest]
}

func (r *Resource) create(ctx context.Context, in *createInput) (*oneOutput, error) {
	req, err := in.Body.Decode()
	if err != nil {
		return nil, err
	}
	wanted, err := r.wanted(ctx, in.Tenant, req)
	if err != nil {
		return nil, err
	}
	if err := r.room(ctx, wanted.GetTenant()); err != nil {
		return nil, err
	}
	idempotency.DoNotKeep(ctx)
	store, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	stored, key, revision, err := r.keys.Create(store, wanted, r.now())
	if err != nil {
		return nil, storeError(err)
	}
	r.log.InfoContext(ctx, "API key created", "key", stored.GetId(), "tenant", stored.GetTenant(), "operator", stored.GetOperator(),
		"scopes", stored.GetScopes(), "by", by(ctx))
	_ = r.api.Applied(ctx, func(ctx context.Context) error { return r.keys.Await(ctx, revision) })
	out := &oneOutput{Body: APIKeyAnswer{Data: r.view(stored)}}
	out.Body.Data.Key = key
	return out, nil
}

// room is a 409 where the owner has as many keys as it may.
func (r *Resource) room(ctx context.Context, owner string) error {
	if err := r.keys.Ready(ctx); err != nil {
		return problem.Unavailable("API keys are still being loaded.", rest.RetryAfter, err)
	}
	if n := len(r.keys.Of(owner)); n >= r.cfg.MaxKeys {
		return problem.Conflict(fmt.Sprintf("There are %d API keys already, which is the most (max-api-keys); revoke one first.", n))
	}
	return nil
}

// wanted is the record of what is asked for. Errors: 400, and 403 for what the
// key that asks may not give.
func (r *Resource) wanted(ctx context.Context, query string, req *CreateAPIKeyRequest) (*posthastev1.ApiKey, error) {
	named, err := rest.OneName(query, req.Tenant)
	if err != nil {
		return nil, err
	}
	owner, err := ownerOf(ctx, named, req.Operator)
	if err != nil {
		return nil, err
	}
	c := check{who: rest.PrincipalOf(ctx), now: r.now()}
	pb := &posthastev1.ApiKey{
		Name: c.text("name", req.Name, 1, maxName), Description: c.text("description", req.Description, 0, maxDescription),
		Tenant: owner, Operator: req.Operator, Scopes: c.scopes(req.Scopes), ExpiresAt: c.expiry(req.ExpiresAt), Rate: c.rate(req.RateLimit),
		CreatedBy: c.who.Key,
	}
	if maker, ok := r.keys.Find(c.who.Key); ok && pb.Rate == nil {
		pb.Rate = maker.GetRate()
	}
	return pb, c.err()
}
