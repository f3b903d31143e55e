package cli

import (
	"time"

	"github.com/posthaste/posthaste/services/internal/settings"
)

// spanConfig narrows to a time.
type spanConfig struct {
	Since string `name:"since" group:"Time" unit:"duration or time" help:"From when on: 2h ago, or a time such as 2026-01-15T10:30:00Z. Empty: as far back as is kept."`
	Until string `name:"until" group:"Time" unit:"duration or time" help:"Until when, likewise. Empty: now."`
}

const spanExpected = "a duration back from now such as 2h, or a time such as 2026-01-15T10:30:00Z"

// Validate reads both.
func (c *spanConfig) Validate() error {
	if _, ok := instant(c.Since, time.Time{}); !ok {
		return settings.Wrong("since", spanExpected)
	}
	if _, ok := instant(c.Until, time.Time{}); !ok {
		return settings.Wrong("until", spanExpected)
	}
	return nil
}

// read gives both times, which Validate has passed; zero for an open end.
func (c *spanConfig) read(now time.Time) (since, until time.Time) {
	since, _ = instant(c.Since, now)
	until, _ = instant(c.Until, now)
	return since, until
}

// instant is a time, or so long before now; "" is the zero time.
func instant(text string, now time.Time) (at time.Time, ok bool) {
	if text == "" {
		return time.Time{}, true
	}
	if d, err := time.ParseDuration(text); err == nil {
		return now.Add(-d), d >= 0
	}
	at, err := time.Parse(time.RFC3339, text)
	return at, err == nil
}
