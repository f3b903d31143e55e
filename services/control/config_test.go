package control

import (
	"strings"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/settings"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	if cfg := settings.Defaults[Config](); cfg.Validate() != nil || cfg.API.MaxBodyBytes != 256<<10 || cfg.Subscriptions.MaxSubscriptions != 10000 {
		t.Errorf("defaults: %+v, %v", cfg, cfg.Validate())
	}
	for name, spoil := range map[string]func(*Config){
		"control-max-body-bytes":  func(c *Config) { c.API.MaxBodyBytes = 100 },
		"control-page-size":       func(c *Config) { c.Subscriptions.PageSize = 1001 },
		"max-subscriptions":       func(c *Config) { c.Subscriptions.MaxSubscriptions = 0 },
		"max-event-types":         func(c *Config) { c.Subscriptions.MaxEventTypes = 0 },
		"max-task-ids":            func(c *Config) { c.Subscriptions.MaxTaskIDs = -1 },
		"max-description-bytes":   func(c *Config) { c.Subscriptions.MaxDescription = -1 },
		"max-delays":              func(c *Config) { c.Subscriptions.MaxDelays = 0 },
		"max-headers":             func(c *Config) { c.Subscriptions.MaxHeaders = 0 },
		"max-header-bytes":        func(c *Config) { c.Subscriptions.MaxHeaderBytes = 0 },
		"max-pattern-bytes":       func(c *Config) { c.Subscriptions.MaxPatternBytes = 0 },
		"min-delay":               func(c *Config) { c.Subscriptions.MinDelay = time.Microsecond },
		"max-delay":               func(c *Config) { c.Subscriptions.MaxDelay = time.Millisecond },
		"control-store-timeout":   func(c *Config) { c.API.StoreTimeout = 0 },
		"control-resolve-timeout": func(c *Config) { c.Subscriptions.ResolveTimeout = 0 },
		"control-apply-timeout":   func(c *Config) { c.API.ApplyTimeout = 0 },
		"control-request-timeout": func(c *Config) { c.API.RequestTimeout = 0 },
		"max-api-keys":            func(c *Config) { c.Keys.MaxKeys = 0 },
	} {
		cfg := settings.Defaults[Config]()
		spoil(&cfg)
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), name+":") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNewNeedsItsDeps(t *testing.T) {
	t.Parallel()
	if _, err := New(t.Context(), settings.Defaults[Config](), Deps{}); err == nil {
		t.Error("made without anything")
	}
}
