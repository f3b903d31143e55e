package subscriptions

import (
	"context"

	"github.com/posthaste/posthaste/services/internal/subscription"
)

// failures are the failure counts of subs, nil where Redis does not say. A
// client that hangs up must not look like a Redis that fails, hence the
// context without an end; the store bounds the call.
func (r *Resource) failures(ctx context.Context, subs []*subscription.Subscription) []int {
	if len(subs) == 0 {
		return nil
	}
	ids := make([]string, len(subs))
	for i, sub := range subs {
		ids[i] = sub.GetId()
	}
	counts, err := r.deps.Redis.Failures(context.WithoutCancel(ctx), ids)
	if err != nil {
		r.log.DebugContext(ctx, "failure counts not read", "error", err)
		return nil
	}
	return counts
}

// forgetFailures is done as well as it can be: a counter that stays costs an
// earlier disabling at worst.
func (r *Resource) forgetFailures(ctx context.Context, id string) {
	if err := r.deps.Redis.ResetFailures(context.WithoutCancel(ctx), id); err != nil {
		r.log.WarnContext(ctx, "failure count not reset", "subscription", id, "error", err)
	}
}
