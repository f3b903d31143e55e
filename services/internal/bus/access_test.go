package bus

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// serve starts a server with what change asks for.
func serve(t *testing.T, change func(*natsserver.Options)) string {
	t.Helper()
	opts := &natsserver.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true}
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
	return s.Addr().String()
}

// reachable connects. Who should get in has all the time of a busy machine.
func reachable(t *testing.T, url string, ok bool, change func(*Config)) error {
	t.Helper()
	cfg := config(url)
	cfg.NATSWait = 300 * time.Millisecond
	if ok {
		cfg.NATSWait = testbed.Patience
	}
	change(&cfg)
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	b, err := Connect(t.Context(), cfg, "test", slog.New(slog.DiscardHandler))
	if err == nil {
		b.Close()
	}
	return err
}

// A server that asks for certificates: only the right ones get in, and we speak
// to no other server.
func TestTLS(t *testing.T) {
	t.Parallel()
	ours, others := testbed.NewAuthority(t), testbed.NewAuthority(t)
	addr := serve(t, func(o *natsserver.Options) { o.TLSConfig, o.TLSTimeout = ours.Server(t), 2 })
	cert, key := ours.Issue(t, "service")
	strange, strangeKey := others.Issue(t, "stranger")
	for name, c := range map[string]struct {
		url, ca, cert, key string
		ok                 bool
	}{
		"both":                {"tls://", ours.CA, cert, key, true},
		"nats://":             {"nats://", ours.CA, cert, key, true},
		"no certificate":      {"tls://", ours.CA, "", "", false},
		"of another":          {"tls://", ours.CA, strange, strangeKey, false},
		"a server of another": {"tls://", others.CA, cert, key, false},
		"unknown authority":   {"tls://", "", cert, key, false},
	} {
		err := reachable(t, c.url+addr, c.ok, func(cfg *Config) { cfg.NATSCA, cfg.NATSCert, cfg.NATSKey = c.ca, c.cert, c.key })
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	plain := serve(t, func(*natsserver.Options) {})
	if err := reachable(t, "nats://"+plain, false, func(cfg *Config) { cfg.NATSCA = ours.CA }); err == nil {
		t.Error("spoke without TLS although there is a CA")
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, _ := pair.PublicKey()
	seed, _ := pair.Seed()
	file := filepath.Join(t.TempDir(), "seed")
	if err := os.WriteFile(file, seed, 0o600); err != nil {
		t.Fatal(err)
	}
	byName := serve(t, func(o *natsserver.Options) { o.Username, o.Password = "ingest", "hush/:@" })
	byKey := serve(t, func(o *natsserver.Options) { o.Nkeys = []*natsserver.NkeyUser{{Nkey: public}} })
	for name, c := range map[string]struct {
		addr   string
		change func(*Config)
		ok     bool
	}{
		"user":           {byName, func(c *Config) { c.NATSUser, c.NATSPass = "ingest", "hush/:@" }, true},
		"wrong password": {byName, func(c *Config) { c.NATSUser, c.NATSPass = "ingest", "hush" }, false},
		"nobody":         {byName, func(*Config) {}, false},
		"nkey":           {byKey, func(c *Config) { c.NATSNKey = file }, true},
		"no nkey":        {byKey, func(*Config) {}, false},
	} {
		if err := reachable(t, "nats://"+c.addr, c.ok, c.change); (err == nil) != c.ok || err != nil && strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestValidateAccess(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Config){
		"nats-creds: cannot be set beside nats-user": func(c *Config) { c.NATSUser, c.NATSPass, c.NATSCreds = "u", "p", "f" },
		"nats-nkey: cannot be set beside nats-url":   func(c *Config) { c.NATSURL, c.NATSNKey = "nats://u:p@h", "f" },
		"nats-password: is required":                 func(c *Config) { c.NATSUser = "u" },
		"nats-user: is required":                     func(c *Config) { c.NATSPass = "p" },
		"nats-key: is required":                      func(c *Config) { c.NATSCert = "f" },
		"nats-cert: is required":                     func(c *Config) { c.NATSKey = "f" },
	} {
		cfg := settings.Defaults[Config]()
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// A service that may not make streams waits for one that does.
func TestWithoutProvisioning(t *testing.T) {
	t.Parallel()
	s := testbed.StartNATS(t)
	cfg := config(s.URL())
	cfg.Provision = false
	log := &testbed.Log{}
	connected := make(chan error, 1)
	go func() {
		b, err := Connect(t.Context(), cfg, "test", slog.New(slog.NewTextHandler(log, nil)))
		if err == nil {
			b.Close()
		}
		connected <- err
	}()
	testbed.Eventually(t, "the wait is told of", func() bool { return strings.Contains(log.String(), "which another service makes") })
	connect(t, config(s.URL()))
	if err := recv(t, "the connection", connected); err != nil {
		t.Error(err)
	}
}
