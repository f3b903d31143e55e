package control

import (
	"strings"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/settings"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	if cfg := settings.Defaults[Config](); cfg.Validate() != nil || cfg.MaxBodyBytes != 64<<10 || cfg.MaxSubscriptions != 10000 {
		t.Errorf("defaults: %+v, %v", cfg, cfg.Validate())
	}
	for name, spoil := range map[string]func(*Config){
		"control-max-body-bytes":  func(c *Config) { c.MaxBodyBytes = 100 },
		"control-page-size":       func(c *Config) { c.PageSize = 1001 },
		"max-subscriptions":       func(c *Config) { c.MaxSubscriptions = 0 },
		"max-event-types":         func(c *Config) { c.MaxEventTypes = 0 },
		"max-task-ids":            func(c *Config) { c.MaxTaskIDs = -1 },
		"max-description-bytes":   func(c *Config) { c.MaxDescription = 1 << 20 },
		"max-delays":              func(c *Config) { c.MaxDelays = 0 },
		"min-delay":               func(c *Config) { c.MinDelay = time.Microsecond },
		"max-delay":               func(c *Config) { c.MaxDelay = time.Millisecond },
		"control-store-timeout":   func(c *Config) { c.StoreTimeout = 0 },
		"control-resolve-timeout": func(c *Config) { c.ResolveTimeout = 0 },
		"control-apply-timeout":   func(c *Config) { c.ApplyTimeout = 0 },
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

func TestShortDuration(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		10 * time.Second: "10s", time.Minute: "1m", 90 * time.Second: "1m30s", time.Hour: "1h", 24 * time.Hour: "24h",
		time.Hour + time.Second: "1h0m1s", 100 * time.Millisecond: "100ms", 10 * time.Minute: "10m", 20*time.Hour + 10*time.Minute: "20h10m",
	} {
		if got := shortDuration(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
