package subscriptions

import (
	"context"
	"errors"

	"google.golang.org/protobuf/proto"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// register is a create in a dialect whose tenants have one subscription: a
// second one changes the first, which keeps its secret, and enables it.
func (r *Resource) register(ctx context.Context, owner string, d *dialect.Dialect, req *CreateEventSubscriptionRequest, f *rest.Faults) (*Created, error) {
	there, err := r.Only(ctx, owner)
	if err != nil {
		return nil, err
	}
	if there != nil {
		return r.registerAgain(ctx, there, d, req, f)
	}
	pb, made, err := r.newSubscription(ctx, owner, d, req, f)
	if err != nil {
		return nil, err
	}
	err = r.claimOnly(ctx, pb)
	if errors.Is(err, subscription.ErrClaimed) {
		return r.registerBehind(ctx, owner, d, req, f)
	}
	if err != nil {
		return nil, err
	}
	return r.add(ctx, pb, made)
}

// registerBehind is for the second of two that registered at the same moment.
func (r *Resource) registerBehind(ctx context.Context, owner string, d *dialect.Dialect, req *CreateEventSubscriptionRequest, f *rest.Faults) (*Created, error) {
	there, err := r.Only(ctx, owner)
	if err != nil {
		return nil, err
	}
	if there == nil {
		p := problem.Conflict("The webhook is being registered by another request; try again.")
		p.RetryAfter = rest.RetryAfter
		return nil, p
	}
	return r.registerAgain(ctx, there, d, req, f)
}

// registerAgain changes what the request names of the tenant's one
// subscription.
func (r *Resource) registerAgain(ctx context.Context, there *subscription.Subscription, d *dialect.Dialect, req *CreateEventSubscriptionRequest, f *rest.Faults) (*Created, error) {
	if req.Secret != nil {
		f.Add("secret", "stays as it is when the webhook is registered again; rotate it, or remove the webhook first")
	}
	wanted := r.wanted(ctx, d, req, f)
	if err := f.Err(); err != nil {
		return nil, err
	}
	sub, err := r.changeOpened(ctx, there.GetTenant(), there.GetId(), "register", func(pb *posthastev1.Subscription) bool {
		r.forgetFailures(ctx, pb.GetId())
		replaceNamed(pb, proto.CloneOf(wanted))
		subscription.MarkActive(pb, r.now())
		return true
	})
	if err != nil {
		return nil, err
	}
	return &Created{Subscription: sub, Updated: true}, nil
}

// replaceNamed leaves as it is what wanted does not name.
func replaceNamed(pb, wanted *posthastev1.Subscription) {
	pb.Url, pb.Dialect, pb.EventTypes = wanted.GetUrl(), wanted.GetDialect(), wanted.GetEventTypes()
	if wanted.Description != "" {
		pb.Description = wanted.Description
	}
	if wanted.Filters != nil {
		pb.Filters = wanted.Filters
	}
	if wanted.Delays != nil {
		pb.Delays = wanted.Delays
	}
	if wanted.Timeout != nil {
		pb.Timeout = wanted.Timeout
	}
	if wanted.Headers != nil {
		pb.Headers = wanted.Headers
	}
	if wanted.Tls != nil {
		pb.Tls = wanted.Tls
	}
	if wanted.DisableAfter != nil {
		pb.DisableAfter = wanted.DisableAfter
	}
	if wanted.RateLimit != nil {
		pb.RateLimit = wanted.RateLimit
	}
	if wanted.ContentType != "" {
		pb.ContentType = wanted.ContentType
	}
	if wanted.SendTraceparent != nil {
		pb.SendTraceparent = wanted.SendTraceparent
	}
}

// Only is the one subscription that the tenant has in a dialect which allows
// no more, nil for none.
func (r *Resource) Only(ctx context.Context, tenantName string) (*subscription.Subscription, error) {
	owner, err := rest.Tenant(ctx, tenantName)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	holder, err := r.deps.Claims.Holder(ctx, owner, onlyWebhook)
	if err != nil || holder == "" {
		return nil, err
	}
	sub, err := r.read(ctx, owner, holder)
	if errors.Is(err, subscription.ErrNotFound) {
		return nil, nil
	}
	return sub, err
}
