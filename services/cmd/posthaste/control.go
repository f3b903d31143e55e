package main

import (
	"context"
	"errors"

	"github.com/posthaste/posthaste/services/control"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/catalogue"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/history"
	"github.com/posthaste/posthaste/services/internal/httpserver"
	"github.com/posthaste/posthaste/services/internal/idempotency"
	"github.com/posthaste/posthaste/services/internal/notify"
	"github.com/posthaste/posthaste/services/internal/policy"
	"github.com/posthaste/posthaste/services/internal/preflight"
	"github.com/posthaste/posthaste/services/internal/redisstore"
	"github.com/posthaste/posthaste/services/internal/sealed"
	"github.com/posthaste/posthaste/services/internal/ssrf"
)

type controlConfig struct {
	Addr      string            `name:"addr" group:"Process" unit:"host:port" help:"Address of the HTTP API." default:"127.0.0.1:8081"`
	AdminAddr string            `name:"admin-addr" group:"Process" unit:"host:port" help:"Address of /healthz, /readyz and /metrics." default:"127.0.0.1:9094"`
	Node      nodeConfig        `embed:""`
	HTTP      httpserver.Config `embed:""`
	Auth      auth.Config       `embed:""`
	Secrets   sealed.Config     `embed:""`
	Redis     redisstore.Config `embed:""`
	History   history.Config    `embed:""`
	Endpoints ssrf.Config       `embed:""`
	Retries   policy.Config     `embed:""`
	Dialects  dialect.Config    `embed:""`
	Types     catalogue.Config  `embed:""`
	Event     event.Config      `embed:""`
	Control   control.Config    `embed:""`
	Notify    notify.Config     `embed:""`
}

// Validate holds what the parts cannot know.
func (cfg *controlConfig) Validate() error {
	return errors.Join(needKey(cfg.Auth), cfg.Secrets.Require(), cfg.Control.API.Within(cfg.HTTP.WriteTimeout))
}

func runControl(ctx context.Context, cfg controlConfig) error {
	return runNode(ctx, "control", cfg.AdminAddr, cfg.Node, cfg.build)
}

// build adds the service to its node.
func (cfg *controlConfig) build(ctx context.Context, n *node) error {
	deps, err := cfg.deps(ctx, n)
	if err != nil {
		return err
	}
	if err := n.preflight(ctx, preflight.Process{Redis: deps.Redis}); err != nil {
		return err
	}
	notifier, err := notify.New(cfg.Notify, n.bus, n.log, n.telemetry.Meter("notify"))
	if err != nil {
		return err
	}
	s, err := control.New(ctx, cfg.Control, deps)
	if err != nil {
		return err
	}
	n.Serve(notifier.Run)
	n.Serve(s.Run)
	return n.listen(cfg.Addr, cfg.HTTP, s.Handler())
}

// deps makes what control works with.
func (cfg *controlConfig) deps(ctx context.Context, n *node) (deps control.Deps, err error) {
	deps = control.Deps{
		Bus: n.bus, Guard: ssrf.New(cfg.Endpoints, nil), Event: cfg.Event,
		Log: n.log, Meter: n.telemetry.Meter("control"),
	}
	if deps.APIKeys, deps.Keys, err = n.keys(ctx, cfg.Auth); err != nil {
		return deps, err
	}
	if deps.Dialects, err = cfg.Dialects.Load(); err != nil {
		return deps, err
	}
	if deps.Policies, err = policy.New(cfg.Retries); err != nil {
		return deps, err
	}
	secrets, err := n.secrets(cfg.Secrets)
	if err != nil {
		return deps, err
	}
	if deps.Live, err = n.subscriptions(ctx, secrets); err != nil {
		return deps, err
	}
	if deps.Tenants, deps.Catalogue, err = n.types(ctx, cfg.Types, deps.Dialects); err != nil {
		return deps, err
	}
	if deps.Idempotency, err = idempotency.Open(ctx, n.bus, secrets); err != nil {
		return deps, err
	}
	if deps.Books, err = n.books(ctx, "control"); err != nil {
		return deps, err
	}
	if deps.Redis, err = n.redis(cfg.Redis); err != nil {
		return deps, err
	}
	if deps.History, err = history.Open(ctx, cfg.History, n.log); err != nil {
		return deps, err
	}
	n.OnClose(deps.History.Close)
	n.Check("history", deps.History.Ready)
	return deps, nil
}
