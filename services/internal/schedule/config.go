package schedule

import (
	"fmt"
	"time"
)

// Config holds the schedule of subscriptions without one of their own.
type Config struct {
	RetryDelays []string `name:"retry-delays" group:"Retries" unit:"durations" help:"Waits before the second attempt and those after it, where the subscription sets none." default:"10s,60s,300s"`
	RetryJitter float64  `name:"retry-jitter" group:"Retries" unit:"fraction" help:"Random part, of up to this much of itself, by which a wait is lengthened." default:"0"`
}

// maxDelay is ten times longer than events are kept; past it is a slip.
const maxDelay = 30 * 24 * time.Hour

// Validate names the first setting that cannot work.
func (c *Config) Validate() error {
	_, err := c.Schedule()
	return err
}

// Schedule is the schedule that the settings make.
func (c *Config) Schedule() (Schedule, error) {
	if !(c.RetryJitter >= 0 && c.RetryJitter <= 1) { // also for NaN
		return Schedule{}, fmt.Errorf("retry-jitter: must lie between 0 and 1, is %g", c.RetryJitter)
	}
	delays := make([]time.Duration, len(c.RetryDelays))
	for i, text := range c.RetryDelays {
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 || d > maxDelay {
			return Schedule{}, fmt.Errorf("retry-delays: each must be a duration such as 10s, more than 0 and at most %s, not %q", maxDelay, text)
		}
		delays[i] = d
	}
	return New(delays, c.RetryJitter), nil
}
