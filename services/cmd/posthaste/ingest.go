package main

import (
	"context"
	"net/http"

	"github.com/posthaste/posthaste/services/ingest"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/problem"
)

type ingestConfig struct {
	Addr      string        `name:"addr" group:"Process" unit:"host:port" help:"Address of the HTTP API." default:"127.0.0.1:8080"`
	AdminAddr string        `name:"admin-addr" group:"Process" unit:"host:port" help:"Address of /healthz, /readyz and /metrics." default:"127.0.0.1:9091"`
	Node      nodeConfig    `embed:""`
	Auth      auth.Config   `embed:""`
	Event     event.Config  `embed:""`
	Ingest    ingest.Config `embed:""`
}

// Validate holds what the parts cannot know.
func (c *ingestConfig) Validate() error { return needKey(c.Auth) }

func runIngest(ctx context.Context, cfg ingestConfig) error {
	n, err := newNode(ctx, "ingest", cfg.Node)
	if err != nil {
		return err
	}
	defer n.Close()
	keys := auth.NewKeys(cfg.Auth)
	s, err := ingest.New(cfg.Ingest, ingest.Deps{
		Bus: n.bus, Event: cfg.Event, Keys: keys, Log: n.log, Meter: n.metrics.Meter("ingest"),
	})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle(ingest.Path, s.Handler())
	mux.Handle("/", problem.NotFoundHandler(n.log))
	if err := n.listen(cfg.Addr, mux); err != nil {
		return err
	}
	return n.run(ctx, cfg.AdminAddr)
}
