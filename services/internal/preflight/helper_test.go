package preflight

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/redisstore"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/bustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

// serve starts a nats-server with what change asks for.
func serve(t *testing.T, change func(*natsserver.Options)) *natsserver.Server {
	t.Helper()
	opts := &natsserver.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true, MaxPayload: 4 << 20}
	change(opts)
	s, err := natsserver.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(testbed.Patience) {
		t.Fatal("not ready")
	}
	return s
}

// process is one with default settings at a server that is provisioned.
func process(t *testing.T, url string, change ...func(*bus.Config)) Process {
	t.Helper()
	cfg := settings.Defaults[bus.Config]()
	for _, c := range change {
		c(&cfg)
	}
	return Process{
		Config: settings.Defaults[Config](), Bus: bustest.Connect(t, url, quiet, change...), Streams: cfg, Consumers: true,
		MaxEventBytes: 256 << 10, RequestTimeout: 30 * time.Second, DedupTTL: 5 * time.Minute, InHand: 448,
	}
}

func (p Process) withRedis(t *testing.T, url string) Process {
	t.Helper()
	cfg := settings.Defaults[redisstore.Config]()
	cfg.RedisURL, cfg.RedisTimeout = settings.SecretURL(url), 5*time.Second
	store, err := redisstore.New(cfg, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	p.Redis = store
	return p
}

// of are the findings of one check, as "level: message".
func (r Report) of(check string) []string {
	var all []string
	for _, f := range r {
		if f.Check == check {
			all = append(all, string(f.Level)+": "+f.Message)
		}
	}
	return all
}

// wantFinding holds that a check found one thing alone, and that a service
// starts unless it refuses.
func wantFinding(t *testing.T, r Report, check string, level Level, part string) {
	t.Helper()
	found := r.of(check)
	if len(found) != 1 || !strings.HasPrefix(found[0], string(level)+": ") || !strings.Contains(found[0], part) {
		t.Errorf("%s found %q, want one %s with %q", check, found, level, part)
	}
	err := r.Err()
	if refused := err != nil && strings.Contains(err.Error(), check+": "); refused != (level == Refuse) {
		t.Errorf("%s of level %s; the start is told %v", check, level, err)
	}
}

// worst are the checks that found something to be mended.
func (r Report) worst() []string {
	var all []string
	for _, f := range r {
		if f.Level == Warn || f.Level == Refuse {
			all = append(all, f.Check+": "+f.Message)
		}
	}
	slices.Sort(all)
	return all
}
