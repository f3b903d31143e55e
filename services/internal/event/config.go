package event

import (
	"fmt"

	"github.com/posthaste/posthaste/services/internal/settings"
)

// Config bounds one event. Ingest and router must be given the same.
type Config struct {
	MaxEventBytes settings.Bytes `name:"max-event-bytes" group:"Limits" unit:"bytes" help:"Size of one event as sent." default:"256KiB"`
}

// Validate names the first setting that cannot work.
func (c *Config) Validate() error {
	if c.MaxEventBytes < 1 {
		return fmt.Errorf("max-event-bytes: must be at least 1, is %d", int64(c.MaxEventBytes))
	}
	return nil
}
