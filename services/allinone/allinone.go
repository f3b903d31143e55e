// Package allinone runs the four services in one process, on an embedded
// nats-server and Redis where it is given no others: the same code, the same
// streams.
package allinone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"syscall"

	"github.com/nats-io/nats.go"

	"github.com/posthaste/posthaste/services/dispatcher"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/books"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/catalogue"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/embedded"
	"github.com/posthaste/posthaste/services/internal/idempotency"
	"github.com/posthaste/posthaste/services/internal/policy"
	"github.com/posthaste/posthaste/services/internal/preflight"
	"github.com/posthaste/posthaste/services/internal/process"
	"github.com/posthaste/posthaste/services/internal/redisstore"
	"github.com/posthaste/posthaste/services/internal/sealed"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/ssrf"
	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/telemetry"
	"github.com/posthaste/posthaste/services/internal/tenant"
	"github.com/posthaste/posthaste/services/router"
)

// Posthaste is the whole of it, ready to run.
type Posthaste struct {
	cfg       Config
	log       *slog.Logger
	process   *process.Process
	telemetry *telemetry.Telemetry

	bus   *bus.Bus
	redis *redisstore.Store
	subs  *subscription.Live
	keys  *auth.Keys
	held  *auth.Live // API keys
	seals *sealed.Keys
	guard *ssrf.Guard

	tenants  *tenant.Live
	types    *catalogue.Live
	answers  *idempotency.Store
	dialects *dialect.Set
	policies *policy.Policies
	account  *books.Account

	addr, adminAddr, natsURL string
}

// Option changes what New makes.
type Option func(*Posthaste)

// WithGuard has another judge of endpoints than the one of the settings, which
// lets those on this machine through.
func WithGuard(g *ssrf.Guard) Option { return func(p *Posthaste) { p.guard = g } }

// New starts the embedded servers, connects, and listens. It returns when
// requests can be sent; Run answers them. Run or Close releases everything.
func New(ctx context.Context, cfg Config, log *slog.Logger, options ...Option) (_ *Posthaste, err error) {
	cfg.openToLoopback()
	tel, err := telemetry.Open(ctx, "dev", cfg.Telemetry, log)
	if err != nil {
		return nil, err
	}
	log = tel.Log()
	p := &Posthaste{cfg: cfg, log: log, process: process.New(log), telemetry: tel, guard: ssrf.New(cfg.Endpoints, nil)}
	p.process.OnClose(tel.Close)
	for _, o := range options {
		o(p)
	}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	if err := p.openData(); err != nil {
		return nil, err
	}
	if err := p.startAdmin(); err != nil {
		return nil, err
	}
	if err := p.connect(ctx); err != nil {
		return nil, err
	}
	if err := p.preflight(ctx); err != nil {
		return nil, err
	}
	if err := p.assemble(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// Run runs until ctx ends and everything has drained.
func (p *Posthaste) Run(ctx context.Context) error { return p.process.Run(ctx) }

// Close releases everything where Run is not called.
func (p *Posthaste) Close() { p.process.Close() }

// Addr is the address of the HTTP API.
func (p *Posthaste) Addr() string { return p.addr }

// AdminAddr is the address of /healthz, /readyz and /metrics.
func (p *Posthaste) AdminAddr() string { return p.adminAddr }

// NATSURL is where producers publish.
func (p *Posthaste) NATSURL() string { return p.natsURL }

// APIKey is the bootstrap key.
func (p *Posthaste) APIKey() string { return p.cfg.Auth.APIKey.Reveal() }

// openData locks the data directory and finds or makes the keys in it.
func (p *Posthaste) openData() error {
	lock, err := embedded.LockDir(p.cfg.DataDir)
	if err != nil {
		return err
	}
	p.process.OnClose(lock.Release)
	if err := p.ownKey(&p.cfg.Auth.APIKey, "api-key", "API key", newAPIKey); err != nil {
		return err
	}
	if !p.cfg.Secrets.AllowPlaintext {
		if err := p.ownKey(&p.cfg.Secrets.EncryptionKeys, "encryption-key", "encryption key", newEncryptionKey); err != nil {
			return err
		}
	}
	p.cfg.Secrets.Warn(p.log)
	p.seals, err = p.cfg.Secrets.Keys()
	return err
}

// ownKey sets a key that was not given to the one in the data directory.
func (p *Posthaste) ownKey(key *settings.Secret, file, noun string, fresh func() settings.Secret) (err error) {
	if !key.Set() {
		*key, err = loadKey(filepath.Join(p.cfg.DataDir, file), noun, fresh)
	}
	return err
}

func (p *Posthaste) startAdmin() (err error) {
	metrics := p.telemetry.Metrics().Handler()
	p.adminAddr, err = p.process.Admin(p.cfg.AdminAddr, metrics, p.cfg.Telemetry.Profile)
	if errors.Is(err, syscall.EADDRINUSE) && p.cfg.AdminAddr == defaultAdminAddr {
		// Nobody asked for this very port, and Prometheus has the same one.
		p.adminAddr, err = p.process.Admin("127.0.0.1:0", metrics, p.cfg.Telemetry.Profile)
	}
	return err
}

func (p *Posthaste) connect(ctx context.Context) error {
	var inProcess []nats.Option
	if p.cfg.Bus.NATSURL.Reveal() == "" {
		server, err := embedded.StartNATS(filepath.Join(p.cfg.DataDir, "nats"), p.cfg.NATSListen, p.log)
		if err != nil {
			return err
		}
		p.process.OnClose(server.Close)
		p.cfg.Bus.NATSURL = settings.SecretURL(server.URL())
		inProcess = append(inProcess, server.InProcess())
	}
	p.natsURL = p.cfg.Bus.NATSURL.String()
	if p.cfg.Redis.RedisURL.Reveal() == "" {
		server, err := embedded.StartRedis(p.cfg.DataDir, p.log)
		if err != nil {
			return err
		}
		p.process.OnClose(server.Close)
		p.cfg.Redis.RedisURL = settings.SecretURL(server.URL())
	}
	var err error
	if p.bus, err = bus.Connect(ctx, p.cfg.Bus, "dev", p.log, inProcess...); err != nil {
		return err
	}
	p.process.OnClose(func() error { p.bus.Close(); return nil })
	if p.redis, err = redisstore.New(p.cfg.Redis, p.log); err != nil {
		return err
	}
	p.process.OnClose(p.redis.Close)
	p.process.Support(p.redis.Run)
	p.process.Check("nats", p.bus.Ready)
	return nil
}

// preflight looks whether servers and settings keep what is promised.
func (p *Posthaste) preflight(ctx context.Context) error {
	report := preflight.Run(ctx, preflight.Process{
		Config: p.cfg.Preflight, Bus: p.bus, Streams: p.cfg.Bus, Consumers: true, Redis: p.redis, DedupTTL: p.cfg.Redis.DedupTTL,
		MaxEventBytes: int64(p.cfg.Event.MaxEventBytes), RequestTimeout: p.cfg.Retries.RequestTimeout, InHand: p.cfg.Dispatcher.InHand(),
	})
	report.Known().Log(ctx, p.log) // the embedded servers do not tell all
	return report.Err()
}

// assemble makes the services and the servers that they share.
func (p *Posthaste) assemble(ctx context.Context) error {
	var err error
	if p.subs, err = subscription.Open(ctx, p.bus, p.seals, p.log); err != nil {
		return err
	}
	p.process.Support(p.subs.Watcher.Run)
	p.process.Check("subscriptions", p.subs.Watcher.Ready)
	p.cfg.Auth.Warn(p.log)
	if p.held, err = auth.Open(ctx, p.bus, p.cfg.Auth, p.log); err != nil {
		return err
	}
	p.process.Support(p.held.Run)
	p.process.Check("API keys", p.held.Ready)
	p.keys = auth.NewKeys(p.cfg.Auth, p.held)
	if p.dialects, err = p.cfg.Dialects.Load(); err != nil {
		return err
	}
	if p.policies, err = policy.New(p.cfg.Retries); err != nil {
		return err
	}

	if p.account, err = books.Open(ctx, p.bus, "dev", p.log); err != nil {
		return err
	}
	p.process.Support(p.account.Run)
	if err := errors.Join(p.addRouter(), p.addDispatcher()); err != nil {
		return err
	}
	return p.addAPI(ctx)
}

func (p *Posthaste) addRouter() error {
	s, err := router.New(p.cfg.Router, router.Deps{
		Bus: p.bus, Event: p.cfg.Event, Index: p.subs.Index, Current: p.subs.Watcher.Current,
		Books: p.account, Log: p.log, Meter: p.telemetry.Meter("router"), Tracer: p.telemetry.Tracer("router"),
	})
	if err != nil {
		return fmt.Errorf("make router: %w", err)
	}
	p.process.Serve(func(ctx context.Context) error { return s.Run(ctx, p.cfg.Grace) })
	return nil
}

func (p *Posthaste) addDispatcher() error {
	s, err := dispatcher.New(p.cfg.Dispatcher, dispatcher.Deps{
		Bus: p.bus, Store: p.subs.Store, Index: p.subs.Index, Loaded: p.subs.Watcher.Loaded(),
		Redis: p.redis, Guard: p.guard, Dialects: p.dialects, Policies: p.policies,
		Books: p.account, Log: p.log, Meter: p.telemetry.Meter("dispatcher"), Tracer: p.telemetry.Tracer("dispatcher"),
	})
	if err != nil {
		return fmt.Errorf("make dispatcher: %w", err)
	}
	p.process.Serve(func(ctx context.Context) error { return s.Run(ctx, p.cfg.Grace) })
	return nil
}
