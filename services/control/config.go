package control

import (
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/control/internal/subscriptions"
)

// Config bounds what control takes.
type Config struct {
	API           rest.Config          `embed:""`
	Subscriptions subscriptions.Config `embed:""`
}

// Validate names the first setting that cannot work.
func (c *Config) Validate() error {
	if err := c.API.Validate(); err != nil {
		return err
	}
	return c.Subscriptions.Validate()
}
