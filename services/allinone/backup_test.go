package allinone

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthaste/posthaste/pkg/client"
	"github.com/posthaste/posthaste/services/internal/backup"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// run starts everything on a NATS of its own.
func run(t *testing.T, nats *testbed.NATS, dir string) (p *Posthaste, c *client.Client, stop func()) {
	t.Helper()
	cfg := settings.Defaults[Config]()
	cfg.Addr, cfg.AdminAddr, cfg.DataDir = "127.0.0.1:0", "127.0.0.1:0", dir
	cfg.Bus.NATSURL = settings.SecretURL(nats.URL())
	p, err := New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	stop = testbed.Running(t, p.Run)
	if c, err = client.New("http://"+p.Addr(), p.APIKey()); err != nil {
		t.Fatal(err)
	}
	return p, c, stop
}

// copied dials as the commands do.
func copied(t *testing.T, nats *testbed.NATS, do func(context.Context, *bus.Bus) error) {
	t.Helper()
	cfg := settings.Defaults[bus.Config]()
	cfg.NATSURL = settings.SecretURL(nats.URL())
	b, err := bus.Dial(t.Context(), cfg, "backup", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := do(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

// What waited when the backup was taken, while all ran, is delivered after NATS
// was lost with all that it had; subscriptions and keys are there.
func TestBackup(t *testing.T) {
	t.Parallel()
	var arrived atomic.Int32
	var up atomic.Bool
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !up.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		arrived.Add(1)
	}))
	t.Cleanup(endpoint.Close)
	nats, dir, to := testbed.StartNATS(t), t.TempDir(), filepath.Join(t.TempDir(), "backup")
	_, c, stop := run(t, nats, dir)
	ctx := t.Context()
	never := 0
	sub, err := c.EventSubscriptions.Create(ctx, client.CreateEventSubscription{
		URL: endpoint.URL, EventTypes: []string{"*"}, DisableAfter: &never,
		RetryPolicy: &client.RetryDelays{Delays: []client.Duration{client.Duration(5 * time.Second), client.Duration(5 * time.Second)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	key, err := c.APIKeys.Create(ctx, client.CreateAPIKey{Name: "kept", Scopes: []string{client.ScopeWebhooksRead}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Events.Send(ctx, client.NewEvent{Type: "a.b", Data: map[string]any{}}); err != nil {
		t.Fatal(err)
	}
	testbed.Eventually(t, "it waits for its second attempt", func() bool {
		page, err := c.Deliveries.List(ctx, client.ListDeliveries{Subscription: sub.ID})
		return err == nil && len(page.Data) == 1 && page.Data[0].Attempts == 1
	})
	copied(t, nats, func(ctx context.Context, b *bus.Bus) error {
		_, err := backup.Take(ctx, b, to, slog.New(slog.DiscardHandler))
		return err
	})
	stop()
	nats.Wipe(t)
	copied(t, nats, func(ctx context.Context, b *bus.Bus) error {
		_, err := backup.Restore(ctx, b, to, 1, slog.New(slog.DiscardHandler))
		return err
	})
	up.Store(true)
	p, c, _ := run(t, nats, dir)
	testbed.Eventually(t, "it is delivered", func() bool { return arrived.Load() == 1 })
	if got, err := c.EventSubscriptions.Get(ctx, sub.ID); err != nil || got.URL != endpoint.URL {
		t.Errorf("the subscription: %+v, %v", got, err)
	}
	own, err := client.New("http://"+p.Addr(), key.Key.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	testbed.Eventually(t, "the key opens", func() bool {
		_, err := own.Deliveries.List(ctx, client.ListDeliveries{})
		return err == nil
	})
}
