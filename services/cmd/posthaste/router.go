package main

import (
	"context"

	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/preflight"
	"github.com/posthaste/posthaste/services/router"
)

type routerConfig struct {
	AdminAddr string        `name:"admin-addr" group:"Process" unit:"host:port" help:"Address of /healthz, /readyz and /metrics." default:"127.0.0.1:9092"`
	Node      nodeConfig    `embed:""`
	Event     event.Config  `embed:""`
	Router    router.Config `embed:""`
}

func runRouter(ctx context.Context, cfg routerConfig) error {
	return runNode(ctx, "router", cfg.AdminAddr, cfg.Node, cfg.build)
}

// build adds the service to its node.
func (cfg *routerConfig) build(ctx context.Context, n *node) error {
	live, err := n.subscriptions(ctx, nil)
	if err != nil {
		return err
	}
	if err := n.preflight(ctx, preflight.Process{MaxEventBytes: int64(cfg.Event.MaxEventBytes)}); err != nil {
		return err
	}
	account, err := n.books(ctx, "router")
	if err != nil {
		return err
	}
	s, err := router.New(cfg.Router, router.Deps{
		Bus: n.bus, Event: cfg.Event, Index: live.Index, Current: live.Watcher.Current,
		Books: account, Log: n.log, Meter: n.telemetry.Meter("router"), Tracer: n.telemetry.Tracer("router"),
	})
	if err != nil {
		return err
	}
	n.Serve(func(ctx context.Context) error { return s.Run(ctx, cfg.Node.Grace) })
	return nil
}
