package deploytest

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/backup"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/kv"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// service connects as a service does, by the user of its name. What the server
// refuses is in the log.
func service(t *testing.T, url, name string) (*bus.Bus, *testbed.Log) {
	t.Helper()
	cfg, log := settings.Defaults[bus.Config](), &testbed.Log{}
	cfg.NATSURL, cfg.NATSUser, cfg.NATSPass = settings.SecretURL(url), name, settings.Secret("change-me-"+name)
	cfg.Provision = name == "control"
	b, err := bus.Connect(t.Context(), cfg, name, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	t.Cleanup(func() {
		if strings.Contains(strings.ToLower(log.String()), "violation") {
			t.Errorf("%s was refused something:\n%s", name, log.String())
		}
	})
	return b, log
}

// The router takes events out of their turn, and looks how many deliveries wait.
// It does so only when many wait, so no quiet run of the product shows it.
func TestNATSRouterMayRunAhead(t *testing.T) {
	t.Parallel()
	url := guarded(t)
	service(t, url, "control") // makes the streams
	ingest, _ := service(t, url, "ingest")
	router, _ := service(t, url, "router")
	for range 3 {
		if _, err := ingest.JS.Publish(t.Context(), "events.acme.order.paid", []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	came := make(chan string, 3)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		ended <- router.ConsumeFrom(ctx, bus.StreamEvents, bus.ConsumerExpress, 2, bus.ConsumeOptions{Prefetch: 8, PrefetchBytes: 1 << 20},
			func(msg jetstream.Msg) { came <- msg.Subject() })
	}()
	for range 2 {
		select {
		case <-came:
		case err := <-ended:
			t.Fatalf("ended: %v", err)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, lane := range []bus.Lane{bus.LaneFresh, bus.LaneBulk} {
		if _, err := router.JS.Publish(t.Context(), bus.DeliverySubject(lane, "acme", "evsub_1"), nil); err != nil {
			t.Errorf("lane %s: %v", lane, err)
		}
	}
	info, err := router.JS.Consumer(t.Context(), bus.StreamDeliveries, string(bus.LaneFresh))
	if err != nil || info.CachedInfo().NumPending != 1 {
		t.Errorf("%+v, %v", info, err)
	}
}

// Ingest and control see and write when keys were used.
func TestNATSIngestMayNoteUses(t *testing.T) {
	t.Parallel()
	url := guarded(t)
	for _, name := range []string{"control", "ingest"} {
		b, _ := service(t, url, name)
		bucket, err := kv.Open[*posthastev1.ApiKeyUse](t.Context(), b, bus.BucketKeyUses, "use")
		if err != nil {
			t.Fatal(err)
		}
		mirror := kv.NewMirror(bucket, kv.NewTable(func(pb *posthastev1.ApiKeyUse) (*posthastev1.ApiKeyUse, error) { return pb, nil }), slog.New(slog.DiscardHandler))
		testbed.Running(t, mirror.Run)
		for range 2 { // a first time and a later one
			_, revision, err := bucket.Replace(t.Context(), "phk_1", &posthastev1.ApiKeyUse{}, func(*posthastev1.ApiKeyUse) {}, func() error { return nil })
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := mirror.Await(t.Context(), revision); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// operator connects as posthaste backup and restore do.
func operator(t *testing.T, url, name string) *bus.Bus {
	t.Helper()
	cfg, log := settings.Defaults[bus.Config](), &testbed.Log{}
	cfg.NATSURL, cfg.NATSUser, cfg.NATSPass = settings.SecretURL(url), "operator", "change-me-operator"
	b, err := bus.Dial(t.Context(), cfg, name, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	t.Cleanup(func() {
		if strings.Contains(strings.ToLower(log.String()), "violation") {
			t.Errorf("%s was refused something:\n%s", name, log.String())
		}
	})
	return b
}

func TestNATSOperatorMayBackUpAndRestore(t *testing.T) {
	t.Parallel()
	from, to, dir, log := guarded(t), guarded(t), t.TempDir(), slog.New(slog.DiscardHandler)
	service(t, from, "control") // makes the streams
	if _, err := backup.Take(t.Context(), operator(t, from, "backup"), dir, log); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Restore(t.Context(), operator(t, to, "restore"), dir, 1, log); err != nil {
		t.Error(err)
	}
}
