package router

import (
	"fmt"

	"github.com/posthaste/posthaste/services/internal/settings"
)

// Config bounds what a router holds at once.
type Config struct {
	Prefetch      int            `name:"router-prefetch" group:"Router" unit:"count" help:"Events fetched ahead by one router." default:"256"`
	PrefetchBytes settings.Bytes `name:"router-prefetch-bytes" group:"Router" unit:"bytes" help:"And their bytes." default:"8MiB"`
	Concurrency   int            `name:"router-concurrency" group:"Router" unit:"count" help:"Events fanned out at the same time." default:"128"`
	PublishBytes  settings.Bytes `name:"router-publish-bytes" group:"Router" unit:"bytes" help:"Deliveries on their way to JetStream at once." default:"32MiB"`
	EventsBacklog int            `name:"events-backlog" group:"Router" unit:"count" help:"Events that may wait to be routed before those of tenants with little are taken out of their turn." default:"4000"`
	FreshBacklog  int            `name:"fresh-backlog" group:"Router" unit:"count" help:"Deliveries that may wait in the lane fresh before those of tenants with more than their share go to the lane bulk." default:"1000"`
}

// Validate names the first setting that cannot work.
func (c *Config) Validate() error {
	switch {
	case c.Prefetch < 1:
		return fmt.Errorf("router-prefetch: must be at least 1, is %d", c.Prefetch)
	case c.Concurrency < 1:
		return fmt.Errorf("router-concurrency: must be at least 1, is %d", c.Concurrency)
	case c.PrefetchBytes < settings.MiB:
		return fmt.Errorf("router-prefetch-bytes: must be at least 1MiB, is %s", c.PrefetchBytes)
	case c.PublishBytes < settings.MiB:
		return fmt.Errorf("router-publish-bytes: must be at least 1MiB, is %s", c.PublishBytes)
	case c.EventsBacklog < 1:
		return fmt.Errorf("events-backlog: must be at least 1, is %d", c.EventsBacklog)
	case c.FreshBacklog < 1:
		return fmt.Errorf("fresh-backlog: must be at least 1, is %d", c.FreshBacklog)
	}
	return nil
}
