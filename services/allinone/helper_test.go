package allinone

import (
	"log/slog"
	"testing"

	"github.com/posthaste/posthaste/pkg/client"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// running runs everything until the test ends, on addresses and a directory of
// its own, and with a client that may do all.
func running(t *testing.T, change func(*Config), options ...Option) (*Posthaste, *client.Client) {
	t.Helper()
	cfg := settings.Defaults[Config]()
	cfg.Addr, cfg.AdminAddr, cfg.NATSListen, cfg.DataDir = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", t.TempDir()
	change(&cfg)
	p, err := New(t.Context(), cfg, slog.New(slog.DiscardHandler), options...)
	if err != nil {
		t.Fatal(err)
	}
	testbed.Running(t, p.Run)
	c, err := client.New("http://"+p.Addr(), p.APIKey())
	if err != nil {
		t.Fatal(err)
	}
	return p, c
}
