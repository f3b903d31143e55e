// Package policy says how the deliveries of a subscription are tried: as it
// asks for itself, else as the operator has set, else as its dialect says.
package policy

import (
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/schedule"
)

// Policy is how the deliveries of one subscription are tried.
type Policy struct {
	Schedule schedule.Schedule
	// Timeout is from the start of a POST to the end of its answer.
	Timeout time.Duration
	// DisableAfter is how many failed deliveries in a row disable the
	// subscription; 0 for never.
	DisableAfter int
	// ContentType is that of its POSTs.
	ContentType string
}

// Policies makes policies. Safe for concurrent use.
type Policies struct {
	cfg    Config
	delays []time.Duration // of the dialect standard; none for its own
}

// New makes what cfg describes. The error is that of cfg.Validate.
func New(cfg Config) (*Policies, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	delays, err := cfg.delays()
	if err != nil {
		return nil, err
	}
	return &Policies{cfg: cfg, delays: delays}, nil
}

// MaxTimeout is the longest timeout of any policy.
func (p *Policies) MaxTimeout() time.Duration { return p.cfg.RequestTimeout }

// MaxRetryAfter is the longest Retry-After that is honoured.
func (p *Policies) MaxRetryAfter() time.Duration { return p.cfg.MaxRetryAfter }

// Of is the policy of a subscription in the dialect d.
func (p *Policies) Of(d *dialect.Dialect, sub *posthastev1.Subscription) Policy {
	policy := p.dialects(d)
	if own := sub.GetDelays(); len(own) > 0 {
		delays := make([]time.Duration, len(own))
		for i, wait := range own {
			delays[i] = wait.AsDuration()
		}
		policy.Schedule = schedule.New(delays, p.cfg.RetryJitter)
	}
	if sub.GetTimeout() != nil {
		policy.Timeout = min(sub.GetTimeout().AsDuration(), p.cfg.RequestTimeout)
	}
	if sub.DisableAfter != nil {
		policy.DisableAfter = int(sub.GetDisableAfter())
	}
	if sub.GetContentType() != "" {
		policy.ContentType = sub.GetContentType()
	}
	return policy
}

// dialects is the policy of subscriptions that ask for nothing.
func (p *Policies) dialects(d *dialect.Dialect) Policy {
	delays, disableAfter := d.Delays, d.DisableAfter
	if d.Name == dialect.Standard && len(p.delays) > 0 {
		delays = p.delays
	}
	if d.Name == dialect.Standard && p.cfg.DisableAfter >= 0 {
		disableAfter = p.cfg.DisableAfter
	}
	return Policy{
		Schedule: schedule.New(delays, p.cfg.RetryJitter), Timeout: min(d.Timeout, p.cfg.RequestTimeout),
		DisableAfter: disableAfter, ContentType: d.ContentType,
	}
}
