package subscriptions

import (
	"context"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// enable answers POST …/enable. It forgets the failures that led to a
// disabling, also where it was active: a second call mends a first that Redis
// missed.
func (r *Resource) enable(ctx context.Context, in *oneInput) (*oneOutput, error) {
	owner, err := r.owner(ctx, in.ID, in.Tenant)
	if err != nil {
		return nil, err
	}
	var period *posthastev1.DisabledPeriod
	sub, err := r.change(ctx, owner, in.ID, "enable", func(pb *posthastev1.Subscription) bool {
		r.forgetFailures(ctx, pb.GetId()) // before it is active: later ones count
		if !subscription.MarkActive(pb, r.now()) {
			return false
		}
		if periods := pb.GetDisabledPeriods(); len(periods) > 0 {
			period = periods[0]
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	out := r.one(ctx, sub)
	out.Body.Missed = r.missed(ctx, sub, period)
	return out, nil
}

// disable answers POST …/disable. One that is disabled keeps its reason.
func (r *Resource) disable(ctx context.Context, in *oneInput) (*oneOutput, error) {
	owner, err := r.owner(ctx, in.ID, in.Tenant)
	if err != nil {
		return nil, err
	}
	sub, err := r.change(ctx, owner, in.ID, "disable", func(pb *posthastev1.Subscription) bool {
		return subscription.MarkDisabled(pb, subscription.DisabledRequested, r.now())
	})
	if err != nil {
		return nil, err
	}
	return r.one(ctx, sub), nil
}

// change makes a change with compare-and-set, logs it as verb, and returns the
// subscription. apply may be called several times and says whether there is
// anything to store. The secrets stay sealed.
func (r *Resource) change(ctx context.Context, owner, id, verb string, apply func(*posthastev1.Subscription) bool) (*subscription.Subscription, error) {
	return r.changeBy(ctx, r.deps.Store.Update, owner, id, verb, apply)
}

// changeOpened is change with the secrets in the clear for apply.
func (r *Resource) changeOpened(ctx context.Context, owner, id, verb string, apply func(*posthastev1.Subscription) bool) (*subscription.Subscription, error) {
	return r.changeBy(ctx, r.deps.Store.UpdateOpened, owner, id, verb, apply)
}

type updater func(ctx context.Context, tenant, id string, now time.Time, change func(*posthastev1.Subscription) (bool, error)) (*subscription.Subscription, error)

func (r *Resource) changeBy(ctx context.Context, update updater, owner, id, verb string, apply func(*posthastev1.Subscription) bool) (*subscription.Subscription, error) {
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	changed := false
	sub, err := update(ctx, owner, id, r.now(), func(pb *posthastev1.Subscription) (bool, error) {
		changed = apply(pb)
		return changed, nil
	})
	if err != nil {
		return nil, storeError(err)
	}
	if changed {
		r.log.InfoContext(ctx, "subscription changed", "change", verb, "subscription", id, "tenant", owner)
	}
	r.await(ctx, sub)
	return sub, nil
}

// remove answers DELETE. The answer shows the subscription as it was last,
// disabled, for clients that expect a body.
func (r *Resource) remove(ctx context.Context, in *oneInput) (*oneOutput, error) {
	owner, err := r.owner(ctx, in.ID, in.Tenant)
	if err != nil {
		return nil, err
	}
	sub, err := r.Remove(ctx, owner, in.ID)
	if err != nil {
		return nil, err
	}
	return &oneOutput{Body: EventSubscriptionAnswer{Data: r.removedView(sub), AvailableActions: []string{}}}, nil
}

// Remove removes the subscription and returns it as it was last, when this
// process makes no deliveries for it any more. Errors are for the client.
func (r *Resource) Remove(ctx context.Context, owner, id string) (*subscription.Subscription, error) {
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	sub, err := r.deps.Store.Delete(ctx, owner, id)
	if err != nil {
		return nil, storeError(err)
	}
	r.log.InfoContext(ctx, "subscription removed", "subscription", id, "tenant", owner)
	r.waited(r.api.Applied(ctx, func(ctx context.Context) error { return r.deps.Watcher.AwaitRemoved(ctx, id) }), id)
	r.release(ctx, sub.Subscription)
	r.forgetFailures(ctx, id)
	return sub, nil
}

func (r *Resource) removedView(sub *subscription.Subscription) EventSubscription {
	v := r.newView(sub, nil)
	v.Status, v.AvailableActions = statusDisabled, []string{}
	if sub.Active() {
		at := r.now().UTC().Truncate(time.Millisecond)
		v.DisabledReason, v.DisabledAt = subscription.DisabledRequested, &at
	}
	return v
}

// await returns when this process acts on what was stored, or after
// ApplyTimeout: it is stored, so a watch that lags is no reason to call the
// change failed.
func (r *Resource) await(ctx context.Context, sub *subscription.Subscription) {
	r.waited(r.api.Applied(ctx, func(ctx context.Context) error { return r.deps.Watcher.Await(ctx, sub.Revision) }), sub.GetId())
}

func (r *Resource) waited(err error, id string) {
	if err != nil {
		r.log.Warn("subscription changed, but not in effect yet", "subscription", id, "error", err)
	}
}
