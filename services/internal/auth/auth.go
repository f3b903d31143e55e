// Package auth says who a request comes from and what they may do. It keeps API
// keys: in a JetStream bucket by their digests, and in memory, where a request
// finds them without asking anybody.
package auth

import (
	"errors"
	"fmt"
	"log/slog"
	"math"

	"github.com/posthaste/posthaste/services/internal/settings"
)

// Config holds the bootstrap key, and what keys may do that say nothing else.
type Config struct {
	APIKey settings.Secret `name:"api-key" group:"Access" secret:"" help:"Bootstrap API key, an operator's with every scope and no limit. Make it long and random: a short one is warned of. dev makes one where none is given."`
	Rate   float64         `name:"api-key-rate" group:"Access" unit:"requests/s" help:"Requests that one API key may send to one process, where the key has no rate of its own; 0 for no limit. The bootstrap key has none." default:"1000"`
	Burst  int             `name:"api-key-burst" group:"Access" unit:"count" help:"Requests that such a key may send at once." default:"2000"`
}

// Validate names the settings that cannot work.
func (c *Config) Validate() error {
	var errs []error
	if math.IsNaN(c.Rate) || c.Rate < 0 || c.Rate > MaxRate {
		errs = append(errs, fmt.Errorf("api-key-rate: must be 0 to %d, is %g", MaxRate, c.Rate))
	}
	if c.Burst < 1 || c.Burst > MaxBurst {
		errs = append(errs, fmt.Errorf("api-key-burst: must be 1 to %d, is %d", MaxBurst, c.Burst))
	}
	return errors.Join(errs...)
}

// shortKey is the length below which a key can be guessed, in characters.
const shortKey = 16

// Warn logs what is allowed but not wise.
func (c *Config) Warn(log *slog.Logger) {
	if n := len(c.APIKey.Reveal()); n > 0 && n < shortKey {
		log.Warn("the API key is short and can be guessed", "characters", n, "advised", shortKey)
	}
}
