package subscriptions

import (
	"fmt"
	"time"

	"github.com/posthaste/posthaste/services/internal/filter"
	"github.com/posthaste/posthaste/services/internal/settings"
)

// Config bounds what a subscription may be.
type Config struct {
	PageSize         int            `name:"control-page-size" group:"Subscriptions" unit:"count" help:"Subscriptions on a page of the list where the request names no limit, and the most that it may name." default:"1000"`
	MaxSubscriptions int            `name:"max-subscriptions" group:"Subscriptions" unit:"count" help:"Subscriptions of one tenant, the disabled ones too. Creates at the same moment may pass it by a few." default:"10000"`
	MaxEventTypes    int            `name:"max-event-types" group:"Subscriptions" unit:"count" help:"Event types of one subscription." default:"100"`
	MaxTaskIDs       int            `name:"max-task-ids" group:"Subscriptions" unit:"count" help:"Task ids in the filter of one subscription." default:"100"`
	MaxDescription   settings.Bytes `name:"max-description-bytes" group:"Subscriptions" unit:"bytes" help:"Size of a subscription's description." default:"1KiB"`
	MaxDelays        int            `name:"max-delays" group:"Subscriptions" unit:"count" help:"Waits in the retry policy of one subscription, which is one less than its attempts." default:"20"`
	MinDelay         time.Duration  `name:"min-delay" group:"Subscriptions" unit:"duration" help:"Shortest wait that a retry policy may name." default:"10ms"`
	MaxDelay         time.Duration  `name:"max-delay" group:"Subscriptions" unit:"duration" help:"Longest wait that a retry policy may name." default:"24h"`
	MaxHeaders       int            `name:"max-headers" group:"Subscriptions" unit:"count" help:"Further headers of one subscription." default:"20"`
	MaxHeaderBytes   settings.Bytes `name:"max-header-bytes" group:"Subscriptions" unit:"bytes" help:"Size of the value of such a header." default:"1KiB"`
	MaxTLSBytes      settings.Bytes `name:"max-tls-bytes" group:"Subscriptions" unit:"bytes" help:"Size of each member of a subscription's tls: client certificate, key and authorities, in PEM." default:"16KiB"`
	MaxPatternBytes  settings.Bytes `name:"max-pattern-bytes" group:"Subscriptions" unit:"bytes" help:"Size of the pattern in the filter of one subscription, at most 8KiB." default:"4KiB"`
	ResolveTimeout   time.Duration  `name:"control-resolve-timeout" group:"Subscriptions" unit:"duration" help:"How long the host name of a new endpoint may take to resolve." default:"5s"`
}

// maxPageSize bounds one answer, and one pipeline to Redis.
const maxPageSize = 1000

// maxTLS keeps a subscription well below what NATS takes in one message.
const maxTLS = 64 * settings.KiB

// maxPattern is what routers take of a stored pattern.
const maxPattern = 8 * settings.KiB

// Validate names the first setting that cannot work.
func (c *Config) Validate() error {
	for _, s := range []struct {
		name  string
		value int
	}{
		{"max-subscriptions", c.MaxSubscriptions},
		{"max-event-types", c.MaxEventTypes},
		{"max-task-ids", c.MaxTaskIDs},
		{"max-delays", c.MaxDelays},
		{"max-headers", c.MaxHeaders},
		{"max-header-bytes", int(c.MaxHeaderBytes)},
		{"max-tls-bytes", int(c.MaxTLSBytes)},
		{"max-pattern-bytes", int(c.MaxPatternBytes)},
	} {
		if s.value < 1 {
			return fmt.Errorf("%s: must be at least 1, is %d", s.name, s.value)
		}
	}
	switch {
	case c.PageSize < 1 || c.PageSize > maxPageSize:
		return fmt.Errorf("control-page-size: must be 1 to %d, is %d", maxPageSize, c.PageSize)
	case c.MaxDescription < 0:
		return fmt.Errorf("max-description-bytes: must not be negative, is %s", c.MaxDescription)
	case c.MaxPatternBytes > maxPattern:
		return fmt.Errorf("max-pattern-bytes: must be at most %s, is %s", maxPattern, c.MaxPatternBytes)
	case c.MaxTLSBytes > maxTLS:
		return fmt.Errorf("max-tls-bytes: must be at most %s, is %s", maxTLS, c.MaxTLSBytes)
	case c.MinDelay < time.Millisecond:
		return fmt.Errorf("min-delay: must be at least 1ms, is %s", c.MinDelay)
	case c.ResolveTimeout < 10*time.Millisecond:
		return fmt.Errorf("control-resolve-timeout: must be at least 10ms, is %s", c.ResolveTimeout)
	case c.MaxDelay < c.MinDelay:
		return fmt.Errorf("max-delay: must be at least min-delay (%s), is %s", c.MinDelay, c.MaxDelay)
	}
	return nil
}

func (c *Config) patternLimits() filter.Limits {
	return filter.Limits{MaxBytes: int(c.MaxPatternBytes)}
}
