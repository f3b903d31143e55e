package subscriptions

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// onlyWebhook is what the subscription of a tenant claims in a dialect that
// allows it one.
const onlyWebhook = "webhook"

// claim takes the endpoint and the filter set for pb. It is a 409 where
// another active subscription has them.
func (r *Resource) claim(ctx context.Context, pb *posthastev1.Subscription) error {
	if holder := r.twin(pb); holder != "" {
		return claimed(holder)
	}
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
		return claimed(holder)
	}
	return storeError(err)
}

func claimed(holder string) error {
	p := problem.Conflict("An active subscription has the same url, event types and filters.")
	p.Details = map[string]any{"subscriptionId": holder}
	return p
}

// twin is the active subscription with the same wish, "" for none. It may have
// no claim: it was changed to that wish, or enabled after another took it.
func (r *Resource) twin(pb *posthastev1.Subscription) string {
	for _, sub := range r.deps.Index.List(pb.GetTenant()) {
		if sub.Active() && sub.GetDialect() == pb.GetDialect() && sub.GetUrl() == pb.GetUrl() && wish(sub.Subscription) == wish(pb) {
			return sub.GetId()
		}
	}
	return ""
}

// claimOnly takes the place of the tenant's one subscription for pb.
func (r *Resource) claimOnly(ctx context.Context, pb *posthastev1.Subscription) error {
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	_, err := r.deps.Claims.Take(ctx, pb.GetTenant(), onlyWebhook, pb.GetId(), r.now(), func(holder string) (stored, needed bool, err error) {
		_, err = r.deps.Store.Get(ctx, pb.GetTenant(), holder)
		if errors.Is(err, subscription.ErrNotFound) {
			return false, false, nil
		}
		return true, true, err
	})
	return storeError(err)
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
