package ingest

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/metric/noop"

	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/settings"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	good := settings.Defaults[Config]()
	if err := good.Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	if good.MaxBatchEvents != 1000 {
		t.Errorf("an array has up to %d events, want 1000", good.MaxBatchEvents)
	}
	for want, change := range map[string]func(*Config){
		"max-batch-events: must be at least 1, is 0":                     func(c *Config) { c.MaxBatchEvents = 0 },
		"max-batch-bytes: must be at least 1, is 0":                      func(c *Config) { c.MaxBatchBytes = 0 },
		"tenant-rate: must not be negative, is -1":                       func(c *Config) { c.TenantRate = -1 },
		"tenant-burst: must be at least max-batch-events (1000), is 999": func(c *Config) { c.TenantRate, c.TenantBurst = 1, 999 },
		"publish-timeout: must be at least 100ms, is 99ms":               func(c *Config) { c.PublishTimeout = 99 * time.Millisecond },
		"ingest-publish-bytes: must be at least 1MiB, is 1KiB":           func(c *Config) { c.PublishBytes = settings.KiB },
	} {
		c := good
		change(&c)
		if err := c.Validate(); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestNewErrors(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	deps := Deps{Bus: h.bus, Keys: auth.NewKeys(auth.Config{}, nil), Log: slog.New(slog.DiscardHandler), Meter: noop.Meter{}}
	for want, size := range map[string]settings.Bytes{
		"max-event-bytes: an event of 4MiB makes a message of up to":        4 * settings.MiB,
		"max-batch-bytes: must be at least max-event-bytes (2MiB), is 1MiB": 2 * settings.MiB,
	} {
		cfg := settings.Defaults[Config]()
		cfg.MaxBatchBytes = settings.MiB
		deps.Event = event.Config{MaxEventBytes: size}
		if _, err := New(cfg, deps); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
