package bus

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

func startBench(b *testing.B) (*Bus, error) {
	b.Helper()
	bus, err := Connect(b.Context(), config(testbed.StartNATS(b).URL()), "bench", slog.New(slog.DiscardHandler))
	if err == nil {
		b.Cleanup(bus.Close)
	}
	return bus, err
}

// Services that start together on an empty server all find what they need.
func TestProvisionFromManyAtOnce(t *testing.T) {
	t.Parallel()
	s := testbed.StartNATS(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			b, err := Connect(t.Context(), config(s.URL()), "test", slog.New(slog.DiscardHandler))
			if err != nil {
				t.Error(err)
				return
			}
			b.Close()
		})
	}
	group.Wait()
	b := connect(t, config(s.URL()))
	if err := b.provision(t.Context()); err != nil {
		t.Errorf("again: %v", err)
	}
	names := map[string]bool{}
	for name := range b.JS.StreamNames(t.Context()).Name() {
		names[name] = true
	}
	for _, want := range []string{StreamEvents, StreamDeliveries, StreamDelays, StreamAttempts, StreamRejected, "KV_" + BucketSubscriptions} {
		if !names[want] {
			t.Errorf("no stream %s", want)
		}
	}
}

func TestProvisionAppliesChangedLimits(t *testing.T) {
	t.Parallel()
	s := testbed.StartNATS(t)
	cfg := config(s.URL())
	connect(t, cfg)
	cfg.EventsMaxAge, cfg.EventsMaxBytes, cfg.AttemptsMaxAge = 2*time.Hour, 1<<20, 3*time.Hour
	cfg.RejectedMaxAge, cfg.DedupWindow, cfg.AckWait = 4*time.Hour, time.Minute, 5*time.Second
	cfg.LaneMaxAckPending, cfg.RouterMaxAckPending = 100, 50
	b := connect(t, cfg)
	for _, want := range b.streams() {
		stream, err := b.JS.Stream(t.Context(), want.Name)
		if err != nil {
			t.Fatal(err)
		}
		got := stream.CachedInfo().Config
		if got.MaxAge != want.MaxAge || got.MaxBytes != maxOr(want.MaxBytes) || got.Duplicates != want.Duplicates {
			t.Errorf("%s keeps %s, %d bytes, %s of ids; want %+v", want.Name, got.MaxAge, got.MaxBytes, got.Duplicates, want)
		}
	}
	for _, want := range b.consumers() {
		consumer, err := b.JS.Consumer(t.Context(), want.Stream, want.Name)
		if err != nil {
			t.Fatal(err)
		}
		got := consumer.CachedInfo().Config
		if got.MaxAckPending != want.MaxAckPending || got.AckWait != want.AckWait || got.MaxDeliver != -1 || len(got.BackOff) > 0 {
			t.Errorf("%s is %+v", want.Name, got)
		}
	}
}

func maxOr(n int64) int64 {
	if n == 0 {
		return -1
	}
	return n
}

// What JetStream will not have is told at once and plainly.
func TestConnectRefusedByJetStream(t *testing.T) {
	t.Parallel()
	s := testbed.StartNATS(t)
	first := connect(t, config(s.URL()))
	if err := first.JS.DeleteStream(t.Context(), StreamDelays); err != nil {
		t.Fatal(err)
	}
	taken := first.streams()[2]
	taken.Retention = 0 // limits
	if _, err := first.JS.CreateStream(t.Context(), taken); err != nil {
		t.Fatal(err)
	}
	replicas := config(s.URL())
	replicas.Replicas = 3
	for name, cfg := range map[string]Config{"replicas": replicas, "retention": config(s.URL())} {
		begin := time.Now()
		b, err := Connect(t.Context(), cfg, "test", slog.New(slog.DiscardHandler))
		if err == nil {
			b.Close()
			t.Errorf("%s: accepted", name)
			continue
		}
		if !Refused(err) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%s: took %s", name, took)
		}
	}
}

func TestConnectUnusableSettings(t *testing.T) {
	t.Parallel()
	garbage := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(garbage, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"nats-url":   func(c *Config) { c.NATSURL = "nats://user:hu/sh@host:42x2" },
		"nats-creds": func(c *Config) { c.NATSCreds = "/nowhere/creds" },
		"nats-ca":    func(c *Config) { c.NATSCA = garbage },
	} {
		cfg := config("nats://127.0.0.1:1")
		change(&cfg)
		begin := time.Now()
		_, err := Connect(t.Context(), cfg, "test", slog.New(slog.DiscardHandler))
		if err == nil || !strings.HasPrefix(err.Error(), name+":") || strings.Contains(err.Error(), "hu/sh") {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%s: took %s", name, took)
		}
	}
}

func TestConnectWaitsForALateServer(t *testing.T) {
	t.Parallel()
	s := testbed.StartNATS(t)
	url := s.URL()
	s.Stop()
	log := &testbed.Log{}
	connected := make(chan error, 1)
	go func() {
		b, err := Connect(t.Context(), config(url), "test", slog.New(slog.NewTextHandler(log, nil)))
		if err == nil {
			b.Close()
		}
		connected <- err
	}()
	testbed.Eventually(t, "the wait is told of", func() bool { return strings.Contains(log.String(), "NATS is not ready") })
	s.Start(t)
	if err := recv(t, "the connection", connected); err != nil {
		t.Fatal(err)
	}
}

func TestConnectGivesUp(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	cfg := config("nats://user:hush@" + addr)
	cfg.NATSWait = 200 * time.Millisecond
	_, err = Connect(t.Context(), cfg, "test", slog.New(slog.DiscardHandler))
	if !errors.Is(err, nats.ErrNoServers) {
		t.Errorf("got %v, want what kept it from connecting", err)
	}
	if strings.Contains(err.Error(), "hush") {
		t.Errorf("the error tells the password: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Connect(ctx, config("nats://"+addr), "test", slog.New(slog.DiscardHandler)); err == nil {
		t.Error("connected after its context ended")
	}
}

// guarded is a server with one user.
func guarded(t *testing.T, dir string, port int, password string) *natsserver.Server {
	t.Helper()
	s, err := natsserver.NewServer(&natsserver.Options{
		Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true,
		Username: "posthaste", Password: password,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(testbed.Patience) {
		t.Fatal("not ready")
	}
	return s
}

// A server that refuses us for a while is no reason to give up for good.
func TestConnectionOutlivesRefusals(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := guarded(t, dir, -1, "right")
	port := first.Addr().(*net.TCPAddr).Port
	cfg := config(strings.Replace(first.ClientURL(), "nats://", "nats://posthaste:right@", 1))
	b := connect(t, cfg)
	first.Shutdown()
	first.WaitForShutdown()
	second := guarded(t, dir, port, "other")
	testbed.Eventually(t, "several refusals", func() bool { return b.NC.Stats().Reconnects > 3 || b.NC.IsClosed() })
	second.Shutdown()
	second.WaitForShutdown()
	third := guarded(t, dir, port, "right")
	t.Cleanup(func() { third.Shutdown(); third.WaitForShutdown() })
	testbed.Eventually(t, "the connection is back", b.Connected)
}

func TestReady(t *testing.T) {
	t.Parallel()
	s := testbed.StartNATS(t)
	b := connect(t, config(s.URL()))
	if err := b.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	s.Stop()
	testbed.Eventually(t, "the loss is seen", func() bool { return b.Ready(t.Context()) != nil })
	s.Start(t)
	testbed.Eventually(t, "the return is seen", func() bool { return b.Ready(t.Context()) == nil })
	b.Close()
	b.Close()
	if b.Ready(t.Context()) == nil {
		t.Error("ready after Close")
	}
	if (&Bus{}).Connected() {
		t.Error("connected before it was")
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	good := settings.Defaults[Config]()
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"replicas":               func(c *Config) { c.Replicas = 2 },
		"events-max-age":         func(c *Config) { c.EventsMaxAge = time.Second },
		"attempts-max-age":       func(c *Config) { c.AttemptsMaxAge = 0 },
		"rejected-max-age":       func(c *Config) { c.RejectedMaxAge = 0 },
		"events-max-bytes":       func(c *Config) { c.EventsMaxBytes = -1 },
		"deliveries-max-bytes":   func(c *Config) { c.DeliveriesMaxBytes = -1 },
		"delays-max-bytes":       func(c *Config) { c.DelaysMaxBytes = -1 },
		"attempts-max-bytes":     func(c *Config) { c.AttemptsMaxBytes = -1 },
		"ack-wait":               func(c *Config) { c.AckWait = time.Millisecond },
		"dedup-window":           func(c *Config) { c.DedupWindow = c.AckWait },
		"lane-max-ack-pending":   func(c *Config) { c.LaneMaxAckPending = 1 },
		"router-max-ack-pending": func(c *Config) { c.RouterMaxAckPending = 1 },
		"nats-url":               func(c *Config) { c.NATSURL = "nats://a,nats://" },
	} {
		cfg := good
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), name+":") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, url := range []settings.SecretURL{"", "host:4222", "nats://a:4222, tls://b", "nats://token@a", "ws://[::1]:80"} {
		cfg := good
		cfg.NATSURL = url
		if err := cfg.Validate(); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}
