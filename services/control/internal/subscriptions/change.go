package control

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// enable answers POST …/enable. It forgets the failures that led to a
// disabling, also where it was active: a second call mends a first that Redis
// missed.
func (s *Service) enable(ctx context.Context, in *oneInput) (*oneOutput, error) {
	return s.change(ctx, in, "enable", func(pb *posthastev1.Subscription) bool {
		s.forgetFailures(ctx, pb.GetId()) // before it is active: later ones count
		if pb.GetStatus() == posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_ACTIVE {
			return false
		}
		pb.Status = posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_ACTIVE
		pb.DisabledReason, pb.DisabledAt = "", nil
		return true
	})
}

// disable answers POST …/disable. One that is disabled keeps its reason.
func (s *Service) disable(ctx context.Context, in *oneInput) (*oneOutput, error) {
	now := s.now()
	return s.change(ctx, in, "disable", func(pb *posthastev1.Subscription) bool {
		if pb.GetStatus() == posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_DISABLED {
			return false
		}
		pb.Status = posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_DISABLED
		pb.DisabledReason, pb.DisabledAt = subscription.DisabledRequested, timestamppb.New(now)
		return true
	})
}

// change makes a change with compare-and-set, logs it as verb, and answers
// with the subscription. apply may be called several times and says whether
// there is anything to store.
func (s *Service) change(ctx context.Context, in *oneInput, verb string, apply func(*posthastev1.Subscription) bool) (*oneOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.StoreTimeout)
	defer cancel()
	owner, err := s.owner(ctx, in.ID, in.Tenant)
	if err != nil {
		return nil, err
	}
	changed := false
	sub, err := s.deps.Store.Update(ctx, owner, in.ID, s.now(), func(pb *posthastev1.Subscription) (bool, error) {
		changed = apply(pb)
		return changed, nil
	})
	if err != nil {
		return nil, storeError(err)
	}
	if changed {
		s.log.InfoContext(ctx, "subscription changed", "change", verb, "subscription", in.ID, "tenant", owner)
	}
	s.await(ctx, sub)
	return s.one(ctx, sub), nil
}

// remove answers DELETE. The answer shows the subscription as it was last,
// disabled, for clients that expect a body.
func (s *Service) remove(ctx context.Context, in *oneInput) (*oneOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.StoreTimeout)
	defer cancel()
	owner, err := s.owner(ctx, in.ID, in.Tenant)
	if err != nil {
		return nil, err
	}
	sub, err := s.deps.Store.Delete(ctx, owner, in.ID)
	if err != nil {
		return nil, storeError(err)
	}
	s.log.InfoContext(ctx, "subscription removed", "subscription", in.ID, "tenant", owner)
	s.waited(s.bounded(ctx, func(ctx context.Context) error { return s.deps.Watcher.AwaitRemoved(ctx, in.ID) }), in.ID)
	out := &oneOutput{Body: oneBody{Data: s.removedView(sub), AvailableActions: []string{}}}
	s.forgetFailures(ctx, in.ID)
	return out, nil
}

func (s *Service) removedView(sub *subscription.Subscription) view {
	v := s.newView(sub, nil)
	v.Status, v.AvailableActions = statusDisabled, []string{}
	if sub.Active() {
		at := s.now().UTC().Truncate(time.Millisecond)
		v.DisabledReason, v.DisabledAt = subscription.DisabledRequested, &at
	}
	return v
}

// await returns when this process acts on what was stored, or after
// ApplyTimeout: it is stored, so a watch that lags is no reason to call the
// change failed.
func (s *Service) await(ctx context.Context, sub *subscription.Subscription) {
	s.waited(s.bounded(ctx, func(ctx context.Context) error { return s.deps.Watcher.Await(ctx, sub.Revision) }), sub.GetId())
}

func (s *Service) bounded(ctx context.Context, wait func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.ApplyTimeout)
	defer cancel()
	return wait(ctx)
}

func (s *Service) waited(err error, id string) {
	if err != nil {
		s.log.Warn("subscription changed, but not in effect yet", "subscription", id, "error", err)
	}
}
