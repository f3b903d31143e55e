package subscriptions

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

type createInput struct {
	Tenant string `query:"tenant" doc:"Whose it is; an operator's key may name any."`
	// The middleware of the API reads it.
	IdempotencyKey string `header:"Idempotency-Key" doc:"8 to 128 characters. The same key and body give the same answer for 24 hours; another body is a 409."`
	Body           rest.Body[CreateEventSubscriptionRequest]
}

type createOutput struct {
	Status int
	Body   EventSubscriptionAnswer
}

// create answers POST. The secret is in the answer only where it was made
// here.
func (r *Resource) create(ctx context.Context, in *createInput) (*createOutput, error) {
	req, err := in.Body.Decode()
	if err != nil {
		return nil, err
	}
	named, err := rest.OneName(in.Tenant, req.Tenant)
	if err != nil {
		return nil, err
	}
	made, err := r.Create(ctx, named, req)
	if err != nil {
		return nil, err
	}
	out := &createOutput{Status: http.StatusCreated, Body: r.one(ctx, made.Subscription).Body}
	if made.Updated {
		out.Status = http.StatusOK
	}
	out.Body.Data.Secret = made.Secret
	return out, nil
}

// Created is what came of a create.
type Created struct {
	*subscription.Subscription
	// Secret is the one that was made here, else "".
	Secret string
	// Updated says that the tenant had one already, which was changed.
	Updated bool
}

// Create makes a subscription of the tenant that the caller names, or does what
// its dialect says where there is one already. Errors are for the client.
func (r *Resource) Create(ctx context.Context, tenantName string, req *CreateEventSubscriptionRequest) (*Created, error) {
	owner, err := rest.Tenant(ctx, tenantName)
	if err != nil {
		return nil, err
	}
	var f rest.Faults
	d := r.dialectFor(owner, req.Dialect, &f)
	if d.Duplicates == dialect.DuplicatesUpdate {
		return r.register(ctx, owner, d, req, &f)
	}
	pb, made, err := r.newSubscription(ctx, owner, d, req, &f)
	if err != nil {
		return nil, err
	}
	if d.Duplicates == dialect.DuplicatesConflict {
		if err := r.claim(ctx, pb); err != nil {
			return nil, err
		}
	}
	return r.add(ctx, pb, made)
}

// add stores a new subscription.
func (r *Resource) add(ctx context.Context, pb *posthastev1.Subscription, made string) (*Created, error) {
	sub, err := r.store(ctx, pb)
	if err != nil {
		return nil, err
	}
	r.log.InfoContext(ctx, "subscription created", "subscription", sub.GetId(), "tenant", sub.GetTenant(), "dialect", cmp.Or(sub.GetDialect(), dialect.Standard))
	return &Created{Subscription: sub, Secret: made}, nil
}

// checkRoom is a 409 where the tenant has as many subscriptions as it may.
func (r *Resource) checkRoom(tenant string) error {
	if r.deps.Index.Count(tenant) < r.cfg.MaxSubscriptions {
		return nil
	}
	p := problem.Conflict(fmt.Sprintf("The tenant has %d subscriptions, which is the most it may have; remove some first.", r.cfg.MaxSubscriptions))
	p.Details = map[string]any{"limit": r.cfg.MaxSubscriptions, "setting": "POSTHASTE_MAX_SUBSCRIPTIONS"}
	return p
}

func (r *Resource) store(ctx context.Context, pb *posthastev1.Subscription) (*subscription.Subscription, error) {
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	sub, err := r.deps.Store.Create(ctx, pb)
	if err != nil {
		return nil, storeError(err)
	}
	r.await(ctx, sub)
	return sub, nil
}
