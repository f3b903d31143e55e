package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/posthaste/posthaste/services/ingest"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/catalogue"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/httpserver"
	"github.com/posthaste/posthaste/services/internal/idempotency"
	"github.com/posthaste/posthaste/services/internal/preflight"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/sealed"
)

type ingestConfig struct {
	Addr      string            `name:"addr" group:"Process" unit:"host:port" help:"Address of the HTTP API." default:"127.0.0.1:8080"`
	AdminAddr string            `name:"admin-addr" group:"Process" unit:"host:port" help:"Address of /healthz, /readyz and /metrics." default:"127.0.0.1:9091"`
	Node      nodeConfig        `embed:""`
	HTTP      httpserver.Config `embed:""`
	Auth      auth.Config       `embed:""`
	Secrets   sealed.Config     `embed:""`
	Event     event.Config      `embed:""`
	Ingest    ingest.Config     `embed:""`
	Dialects  dialect.Config    `embed:""`
	Types     catalogue.Config  `embed:""`
}

// Validate holds what the parts cannot know.
func (cfg *ingestConfig) Validate() error {
	return errors.Join(needKey(cfg.Auth), cfg.Secrets.Require())
}

func runIngest(ctx context.Context, cfg ingestConfig) error {
	return runNode(ctx, "ingest", cfg.AdminAddr, cfg.Node, cfg.build)
}

// build adds the service to its node.
func (cfg *ingestConfig) build(ctx context.Context, n *node) error {
	_, keys, err := n.keys(ctx, cfg.Auth)
	if err != nil {
		return err
	}
	dialects, err := cfg.Dialects.Load()
	if err != nil {
		return err
	}
	_, types, err := n.types(ctx, cfg.Types, dialects)
	if err != nil {
		return err
	}
	secrets, err := n.secrets(cfg.Secrets)
	if err != nil {
		return err
	}
	answers, err := idempotency.Open(ctx, n.bus, secrets)
	if err != nil {
		return err
	}
	if err := n.preflight(ctx, preflight.Process{MaxEventBytes: int64(cfg.Event.MaxEventBytes)}); err != nil {
		return err
	}
	s, err := ingest.New(cfg.Ingest, ingest.Deps{
		Bus: n.bus, Event: cfg.Event, Keys: keys, Catalogue: types, Idempotency: answers, Log: n.log,
		Meter: n.telemetry.Meter("ingest"), Tracer: n.telemetry.Tracer("ingest"),
	})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle(ingest.Path, s.Handler())
	mux.Handle("/", problem.NotFoundHandler(n.log))
	return n.listen(cfg.Addr, cfg.HTTP, mux)
}
