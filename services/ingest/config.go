package ingest

import (
	"fmt"
	"time"

	"github.com/posthaste/posthaste/services/internal/settings"
)

// Config bounds what ingest takes.
type Config struct {
	MaxBatchEvents int            `name:"max-batch-events" group:"Limits" unit:"count" help:"Events in one array." default:"1000"`
	MaxBatchBytes  settings.Bytes `name:"max-batch-bytes" group:"Limits" unit:"bytes" help:"Size of one array." default:"16MiB"`
	TenantRate     float64        `name:"tenant-rate" group:"Limits" unit:"events/s" help:"Events that one tenant may send to one ingest; 0 for no limit." default:"0"`
	TenantBurst    int            `name:"tenant-burst" group:"Limits" unit:"count" help:"Events that a tenant may send at once above its rate. At least max-batch-events." default:"5000"`
	PublishTimeout time.Duration  `name:"publish-timeout" group:"Ingest" unit:"duration" help:"How long a request waits for JetStream before it is answered 503." default:"5s"`
	PublishBytes   settings.Bytes `name:"ingest-publish-bytes" group:"Ingest" unit:"bytes" help:"Events on their way to JetStream at once." default:"64MiB"`
}

// Validate names the first setting that cannot work.
func (c *Config) Validate() error {
	switch {
	case c.MaxBatchEvents < 1:
		return fmt.Errorf("max-batch-events: must be at least 1, is %d", c.MaxBatchEvents)
	case c.MaxBatchBytes < 1:
		return fmt.Errorf("max-batch-bytes: must be at least 1, is %d", int64(c.MaxBatchBytes))
	case c.TenantRate < 0:
		return fmt.Errorf("tenant-rate: must not be negative, is %g", c.TenantRate)
	case c.TenantRate > 0 && c.TenantBurst < c.MaxBatchEvents:
		return fmt.Errorf("tenant-burst: must be at least max-batch-events (%d), is %d", c.MaxBatchEvents, c.TenantBurst)
	case c.PublishTimeout < 100*time.Millisecond:
		return fmt.Errorf("publish-timeout: must be at least 100ms, is %s", c.PublishTimeout)
	case c.PublishBytes < settings.MiB:
		return fmt.Errorf("ingest-publish-bytes: must be at least 1MiB, is %s", c.PublishBytes)
	}
	return nil
}
