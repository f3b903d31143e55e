package control

import (
	"errors"

	"github.com/posthaste/posthaste/services/control/internal/apikeys"
	"github.com/posthaste/posthaste/services/control/internal/events"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/control/internal/subscriptions"
	"github.com/posthaste/posthaste/services/internal/replay"
)

// Config bounds what control takes.
type Config struct {
	API           rest.Config          `embed:""`
	Subscriptions subscriptions.Config `embed:""`
	Events        events.Config        `embed:""`
	Replays       replay.Config        `embed:""`
	Keys          apikeys.Config       `embed:""`
}

// Validate names the settings that cannot work.
func (c *Config) Validate() error {
	return errors.Join(c.API.Validate(), c.Subscriptions.Validate(), c.Events.Validate(), c.Replays.Validate(), c.Keys.Validate())
}
