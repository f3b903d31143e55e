package policy

import (
	"fmt"
	"time"
)

// Config is what the operator says over the dialects.
type Config struct {
	RetryDelays    []string      `name:"retry-delays" group:"Retries" unit:"durations" help:"Waits before the second attempt and those after it in the dialect standard, such as 10s,60s,300s. Empty: what the dialect says."`
	RetryJitter    float64       `name:"retry-jitter" group:"Retries" unit:"fraction" help:"Random part, of up to this much of itself, by which a wait is lengthened." default:"0"`
	DisableAfter   int           `name:"disable-after" group:"Retries" unit:"count" help:"Failed deliveries in a row that disable a subscription of the dialect standard; 0 for never, -1 for what the dialect says." default:"-1"`
	RequestTimeout time.Duration `name:"request-timeout" group:"Retries" unit:"duration" help:"Longest that a dialect or a subscription may give a POST, from its start to the end of its answer." default:"30s"`
	MaxRetryAfter  time.Duration `name:"max-retry-after" group:"Retries" unit:"duration" help:"Longest Retry-After of an endpoint that is honoured." default:"1h"`
}

// maxDelay is ten times longer than events are kept; past it is a slip.
const maxDelay = 30 * 24 * time.Hour

// Validate names the first setting that cannot work.
func (c *Config) Validate() error {
	switch {
	case !(c.RetryJitter >= 0 && c.RetryJitter <= 1): // also for NaN
		return fmt.Errorf("retry-jitter: must lie between 0 and 1, is %g", c.RetryJitter)
	case c.DisableAfter < -1:
		return fmt.Errorf("disable-after: must be at least -1, is %d", c.DisableAfter)
	case c.RequestTimeout < 10*time.Millisecond:
		return fmt.Errorf("request-timeout: must be at least 10ms, is %s", c.RequestTimeout)
	case c.MaxRetryAfter < 0:
		return fmt.Errorf("max-retry-after: must not be negative, is %s", c.MaxRetryAfter)
	}
	_, err := c.delays()
	return err
}

func (c *Config) delays() ([]time.Duration, error) {
	delays := make([]time.Duration, len(c.RetryDelays))
	for i, text := range c.RetryDelays {
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 || d > maxDelay {
			return nil, fmt.Errorf("retry-delays: each must be a duration such as 10s, more than 0 and at most %s, not %q", maxDelay, text)
		}
		delays[i] = d
	}
	return delays, nil
}
