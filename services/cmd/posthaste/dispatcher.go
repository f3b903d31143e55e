package main

import (
	"context"

	"github.com/posthaste/posthaste/services/dispatcher"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/policy"
	"github.com/posthaste/posthaste/services/internal/preflight"
	"github.com/posthaste/posthaste/services/internal/redisstore"
	"github.com/posthaste/posthaste/services/internal/sealed"
	"github.com/posthaste/posthaste/services/internal/ssrf"
)

type dispatcherConfig struct {
	AdminAddr  string            `name:"admin-addr" group:"Process" unit:"host:port" help:"Address of /healthz, /readyz and /metrics." default:"127.0.0.1:9093"`
	Node       nodeConfig        `embed:""`
	Secrets    sealed.Config     `embed:""`
	Redis      redisstore.Config `embed:""`
	Endpoints  ssrf.Config       `embed:""`
	Retries    policy.Config     `embed:""`
	Dialects   dialect.Config    `embed:""`
	Dispatcher dispatcher.Config `embed:""`
}

// Validate holds what the parts cannot know.
func (cfg *dispatcherConfig) Validate() error { return cfg.Secrets.Require() }

func runDispatcher(ctx context.Context, cfg dispatcherConfig) error {
	return runNode(ctx, "dispatcher", cfg.AdminAddr, cfg.Node, cfg.build)
}

// build adds the service to its node.
func (cfg *dispatcherConfig) build(ctx context.Context, n *node) error {
	keys, err := n.secrets(cfg.Secrets)
	if err != nil {
		return err
	}
	live, err := n.subscriptions(ctx, keys)
	if err != nil {
		return err
	}
	redis, err := n.redis(cfg.Redis)
	if err != nil {
		return err
	}
	dialects, err := cfg.Dialects.Load()
	if err != nil {
		return err
	}
	policies, err := policy.New(cfg.Retries)
	if err != nil {
		return err
	}
	if err := n.preflight(ctx, preflight.Process{
		Redis: redis, DedupTTL: cfg.Redis.DedupTTL, RequestTimeout: cfg.Retries.RequestTimeout, InHand: cfg.Dispatcher.InHand(),
	}); err != nil {
		return err
	}
	account, err := n.books(ctx, "dispatcher")
	if err != nil {
		return err
	}
	s, err := dispatcher.New(cfg.Dispatcher, dispatcher.Deps{
		Bus: n.bus, Store: live.Store, Index: live.Index, Loaded: live.Watcher.Loaded(),
		Redis: redis, Guard: ssrf.New(cfg.Endpoints, nil), Dialects: dialects, Policies: policies,
		Books: account, Log: n.log, Meter: n.telemetry.Meter("dispatcher"), Tracer: n.telemetry.Tracer("dispatcher"),
	})
	if err != nil {
		return err
	}
	n.Serve(func(ctx context.Context) error { return s.Run(ctx, cfg.Node.Grace) })
	return nil
}
