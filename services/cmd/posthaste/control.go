package main

import (
	"context"

	"github.com/posthaste/posthaste/services/control"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/policy"
	"github.com/posthaste/posthaste/services/internal/redisstore"
	"github.com/posthaste/posthaste/services/internal/ssrf"
)

type controlConfig struct {
	Addr      string            `name:"addr" group:"Process" unit:"host:port" help:"Address of the HTTP API." default:"127.0.0.1:8081"`
	AdminAddr string            `name:"admin-addr" group:"Process" unit:"host:port" help:"Address of /healthz, /readyz and /metrics." default:"127.0.0.1:9094"`
	Node      nodeConfig        `embed:""`
	Auth      auth.Config       `embed:""`
	Redis     redisstore.Config `embed:""`
	Endpoints ssrf.Config       `embed:""`
	Retries   policy.Config     `embed:""`
	Dialects  dialect.Config    `embed:""`
	Control   control.Config    `embed:""`
}

// Validate holds what the parts cannot know.
func (cfg *controlConfig) Validate() error { return needKey(cfg.Auth) }

func runControl(ctx context.Context, cfg controlConfig) error {
	return runNode(ctx, "control", cfg.AdminAddr, cfg.Node, cfg.build)
}

// build adds the service to its node.
func (cfg *controlConfig) build(ctx context.Context, n *node) error {
	live, err := n.subscriptions(ctx)
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
	cfg.Auth.Warn(n.log)
	s, err := control.New(ctx, cfg.Control, control.Deps{
		Bus: n.bus, Live: live, Redis: redis, Keys: auth.NewKeys(cfg.Auth), Guard: ssrf.New(cfg.Endpoints, nil),
		Dialects: dialects, Policies: policies, Log: n.log,
	})
	if err != nil {
		return err
	}
	return n.listen(cfg.Addr, s.Handler())
}
