package subscriptions

import (
	"context"
	"net/http"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// Missed is what came while a subscription was disabled.
type Missed struct {
	Events   int64     `json:"events" doc:"Events that were not delivered."`
	Complete bool      `json:"complete" doc:"false where there are more than could be counted in time."`
	Since    time.Time `json:"since"`
	Until    time.Time `json:"until"`
	Replay   *Call     `json:"replay,omitempty" doc:"The request that delivers them; absent where there is nothing."`
}

// Call is a request that the client may make next.
type Call struct {
	Method string         `json:"method"`
	Path   string         `json:"path"`
	Body   map[string]any `json:"body"`
}

// missed counts for the answer to an enable; nil where nothing is known.
func (r *Resource) missed(ctx context.Context, sub *subscription.Subscription, period *posthastev1.DisabledPeriod) *Missed {
	if period == nil || r.deps.Missed == nil {
		return nil
	}
	since, until := period.GetFrom().AsTime().Add(-r.longestWait(sub)), period.GetUntil().AsTime()
	m, err := r.deps.Missed(ctx, sub, since, until)
	if err != nil {
		r.log.WarnContext(ctx, "missed events not counted", "subscription", sub.GetId(), "error", err)
		return nil
	}
	m.Since, m.Until = since.UTC().Truncate(time.Millisecond), until.UTC().Truncate(time.Millisecond).Add(time.Millisecond)
	if m.Events > 0 {
		m.Replay = &Call{
			Method: http.MethodPost, Path: collection + "/" + sub.GetId() + "/replay",
			Body: map[string]any{"since": m.Since, "until": m.Until, "only": []string{"missed"}},
		}
	}
	return &m
}

// longestWait is how long before the disabling an event may have been stored
// whose delivery was still waiting then, and was cancelled.
func (r *Resource) longestWait(sub *subscription.Subscription) time.Duration {
	wait := time.Minute
	for _, d := range r.policyOf(sub).Schedule.Delays() {
		wait += d
	}
	return wait
}
