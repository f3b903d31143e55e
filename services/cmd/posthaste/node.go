package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/books"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/catalogue"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/httpserver"
	"github.com/posthaste/posthaste/services/internal/preflight"
	"github.com/posthaste/posthaste/services/internal/process"
	"github.com/posthaste/posthaste/services/internal/redisstore"
	"github.com/posthaste/posthaste/services/internal/sealed"
	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/telemetry"
	"github.com/posthaste/posthaste/services/internal/tenant"
	"github.com/posthaste/posthaste/services/internal/version"
)

// nodeConfig is what every service that runs alone is given.
type nodeConfig struct {
	Grace     time.Duration    `name:"grace" group:"Process" unit:"duration" help:"How long what is in flight may take at a stop." default:"15s"`
	Bus       bus.Config       `embed:""`
	Preflight preflight.Config `embed:""`
	Telemetry telemetry.Config `embed:""`
}

// node is the process of one service.
type node struct {
	*process.Process
	cfg       nodeConfig
	log       *slog.Logger
	telemetry *telemetry.Telemetry
	bus       *bus.Bus
}

// runNode makes a node, adds to it what build makes, and runs it until ctx
// ends. A ctx that ends while the node still waits for NATS is no error.
func runNode(ctx context.Context, name, adminAddr string, cfg nodeConfig, build func(context.Context, *node) error) error {
	tuneGC()
	n, err := newNode(ctx, name, adminAddr, cfg)
	if err == nil {
		defer n.Close()
		err = build(ctx, n)
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	n.log.Info("running", "version", version.Version)
	return n.Run(ctx)
}

// newNode starts the admin server and connects to NATS.
func newNode(ctx context.Context, name, adminAddr string, cfg nodeConfig) (*node, error) {
	tel, err := telemetry.Open(ctx, name, cfg.Telemetry, telemetry.NewLogger(cfg.Telemetry, os.Stderr).With("service", name))
	if err != nil {
		return nil, err
	}
	log := tel.Log()
	n := &node{Process: process.New(log), cfg: cfg, log: log, telemetry: tel}
	n.OnClose(tel.Close)
	addr, err := n.Admin(adminAddr, tel.Metrics().Handler(), cfg.Telemetry.Profile)
	if err != nil {
		n.Close()
		return nil, err
	}
	log.Info("starting", "admin_addr", addr)
	if n.bus, err = bus.Connect(ctx, cfg.Bus, name, log); err != nil {
		n.Close()
		return nil, err
	}
	n.OnClose(func() error { n.bus.Close(); return nil })
	n.Check("nats", n.bus.Ready)
	return n, nil
}

// subscriptions adds the index of subscriptions. keys is nil for a service that
// has no business with their secrets.
func (n *node) subscriptions(ctx context.Context, keys *sealed.Keys) (*subscription.Live, error) {
	live, err := subscription.Open(ctx, n.bus, keys, n.log)
	if err != nil {
		return nil, err
	}
	n.Support(live.Watcher.Run)
	n.Check("subscriptions", live.Watcher.Ready)
	return live, nil
}

// keys adds the API keys.
func (n *node) keys(ctx context.Context, cfg auth.Config) (*auth.Live, *auth.Keys, error) {
	cfg.Warn(n.log)
	live, err := auth.Open(ctx, n.bus, cfg, n.log)
	if err != nil {
		return nil, nil, err
	}
	n.Support(live.Run)
	n.Check("API keys", live.Ready)
	return live, auth.NewKeys(cfg, live), nil
}

// secrets reads the encryption keys.
func (n *node) secrets(cfg sealed.Config) (*sealed.Keys, error) {
	cfg.Warn(n.log)
	return cfg.Keys()
}

// types adds what tenants have set, and the catalogue of event types.
func (n *node) types(ctx context.Context, cfg catalogue.Config, dialects *dialect.Set) (*tenant.Live, *catalogue.Live, error) {
	tenants, types, err := catalogue.OpenAll(ctx, n.bus, cfg, dialects, n.log)
	if err != nil {
		return nil, nil, err
	}
	n.Support(tenants.Run)
	n.Check("tenants", tenants.Ready)
	n.Support(types.Run)
	n.Check("event types", types.Ready)
	return tenants, types, nil
}

// preflight looks whether the servers and settings can keep what is promised.
// p says what the service works with beside NATS.
func (n *node) preflight(ctx context.Context, p preflight.Process) error {
	p.Config, p.Bus, p.Streams, p.Consumers = n.cfg.Preflight, n.bus, n.cfg.Bus, n.cfg.Bus.Provision
	report := preflight.Run(ctx, p)
	report.Log(ctx, n.log)
	return report.Err()
}

// books adds the account of what the service does. It is written to the end of
// the draining.
func (n *node) books(ctx context.Context, service string) (*books.Account, error) {
	account, err := books.Open(ctx, n.bus, service, n.log)
	if err != nil {
		return nil, err
	}
	n.Support(account.Run)
	return account, nil
}

// redis adds Redis. It may be away: that is no condition of being ready.
func (n *node) redis(cfg redisstore.Config) (*redisstore.Store, error) {
	store, err := redisstore.New(cfg, n.log)
	if err != nil {
		return nil, err
	}
	n.OnClose(store.Close)
	n.Support(store.Run)
	return store, nil
}

// listen adds the server of the API.
func (n *node) listen(addr string, cfg httpserver.Config, handler http.Handler) error {
	server, err := httpserver.New(addr, cfg, n.telemetry.Server(handler), n.cfg.Grace, n.log)
	if err != nil {
		return err
	}
	n.OnClose(server.Close)
	n.Serve(server.Serve)
	n.log.Info("listening", "addr", server.Addr())
	return nil
}

// needKey holds for services that answer /v1.
func needKey(cfg auth.Config) error {
	if cfg.APIKey.Reveal() == "" {
		return errors.New("api-key: is required; every /v1 call is checked against it")
	}
	return nil
}
