package subscriptions

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// onlyWebhook is what the subscription of a tenant claims in a dialect that
// allows it one.
const onlyWebhook = "webhook"

// claim takes the endpoint and the filter set for pb. It is a 409 where
// another active subscription has them.
func (r *Resource) claim(ctx context.Context, pb *posthastev1.Subscription) error {
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	holder, err := r.deps.Claims.Take(ctx, pb.GetTenant(), wish(pb), pb.GetId(), r.now(), func(holder string) (stored, needed bool, err error) {
		sub, err := r.deps.Store.Get(ctx, pb.GetTenant(), holder)
		if errors.Is(err, subscription.ErrNotFound) {
			return false, false, nil
		}
		return true, err == nil && sub.Active() && wish(sub.Subscription) == wish(pb), err
	})
	if errors.Is(err, subscription.ErrClaimed) {
		p := problem.Conflict("An active subscription has the same url, event types and filters.")
		p.Details = map[string]any{"subscriptionId": holder}
		return p
	}
	return err
}

// wish is the same for subscriptions with the same endpoint and filter set.
func wish(pb *posthastev1.Subscription) string {
	sorted := func(all []string) string {
		all = slices.Clone(all)
		slices.Sort(all)
		return strings.Join(all, "\n")
	}
	return strings.Join([]string{
		pb.GetUrl(), sorted(pb.GetEventTypes()), sorted(pb.GetFilters().GetTaskIds()), string(bytes.TrimSpace(pb.GetFilters().GetPattern())),
	}, "\n\n")
}

// release gives back what the removed subscription had claimed. A claim that
// stays ends by itself, when it is found that nobody holds it.
func (r *Resource) release(ctx context.Context, pb *posthastev1.Subscription) {
	for _, what := range []string{onlyWebhook, wish(pb)} {
		if err := r.deps.Claims.Release(ctx, pb.GetTenant(), what, pb.GetId()); err != nil {
			r.log.WarnContext(ctx, "claim not given back", "subscription", pb.GetId(), "error", err)
		}
	}
}

// register is a create in a dialect whose tenants have one subscription: a
// second one changes the first, which keeps its secret, and enables it.
func (r *Resource) register(ctx context.Context, owner string, d *dialect.Dialect, req *CreateEventSubscriptionRequest) (*Created, error) {
	there, err := r.Only(ctx, owner)
	if err != nil {
		return nil, err
	}
	if there != nil {
		return r.registerAgain(ctx, there, d, req)
	}
	var f rest.Faults
	pb, made := r.newSubscription(ctx, owner, d, req, &f)
	if err := f.Err(); err != nil {
		return nil, err
	}
	timed, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	_, err = r.deps.Claims.Take(timed, owner, onlyWebhook, pb.GetId(), r.now(), func(holder string) (stored, needed bool, err error) {
		_, err = r.deps.Store.Get(timed, owner, holder)
		if errors.Is(err, subscription.ErrNotFound) {
			return false, false, nil
		}
		return true, true, err
	})
	if errors.Is(err, subscription.ErrClaimed) {
		return nil, problem.Conflict("The webhook is being registered by another request; try again.")
	}
	if err != nil {
		return nil, err
	}
	return r.add(ctx, pb, made)
}

// registerAgain changes what the request names of the tenant's one
// subscription.
func (r *Resource) registerAgain(ctx context.Context, there *subscription.Subscription, d *dialect.Dialect, req *CreateEventSubscriptionRequest) (*Created, error) {
	var f rest.Faults
	if req.Secret != nil {
		f.Add("secret", "stays as it is when the webhook is registered again; rotate it, or remove the webhook first")
	}
	wanted, _ := r.newSubscription(ctx, there.GetTenant(), d, req, &f)
	if err := f.Err(); err != nil {
		return nil, err
	}
	sub, err := r.change(ctx, there.GetTenant(), there.GetId(), "register", func(pb *posthastev1.Subscription) bool {
		r.forgetFailures(ctx, pb.GetId())
		pb.Url, pb.Dialect, pb.EventTypes, pb.Filters = wanted.GetUrl(), wanted.GetDialect(), wanted.GetEventTypes(), wanted.GetFilters()
		pb.Delays, pb.Timeout, pb.Headers = wanted.GetDelays(), wanted.GetTimeout(), wanted.GetHeaders()
		pb.DisableAfter, pb.ContentType, pb.Description = wanted.DisableAfter, wanted.GetContentType(), wanted.GetDescription()
		subscription.MarkActive(pb, r.now())
		return true
	})
	if err != nil {
		return nil, err
	}
	return &Created{Subscription: sub, Updated: true}, nil
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
