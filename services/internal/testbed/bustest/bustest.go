package bustest

import (
	"log/slog"
	"testing"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/settings"
)

// Connect connects to the server at url until the test ends, by the default
// settings as changed.
func Connect(tb testing.TB, url string, log *slog.Logger, change ...func(*bus.Config)) *bus.Bus {
	tb.Helper()
	cfg := settings.Defaults[bus.Config]()
	cfg.NATSURL = settings.SecretURL(url)
	for _, c := range change {
		c(&cfg)
	}
	b, err := bus.Connect(tb.Context(), cfg, "test", log)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(b.Close)
	return b
}
