package main

import (
	"context"
	"fmt"
	"os"

	"github.com/posthaste/posthaste/services/allinone"
	"github.com/posthaste/posthaste/services/internal/telemetry"
	"github.com/posthaste/posthaste/services/internal/version"
)

func runDev(ctx context.Context, cfg allinone.Config) error {
	if cfg.Bus.NATSURL.Reveal() != "" {
		tuneGC()
	} else {
		tuneDevGC()
	}
	p, err := allinone.New(ctx, cfg, telemetry.NewLogger(cfg.Telemetry, os.Stderr))
	if err != nil && ctx.Err() != nil {
		return nil //nolint:nilerr // it was told to stop while it started
	}
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(os.Stdout, welcome, version.Version, p.Addr(), p.AdminAddr(), p.NATSURL(), p.APIKey()); err != nil {
		p.Close()
		return err
	}
	return p.Run(ctx)
}

// welcome is all that somebody needs to send a first event.
const welcome = `Posthaste %[1]s is ready.

  API      http://%[2]s/v1
  admin    http://%[3]s  (/healthz /readyz /metrics)
  NATS     %[4]s  (publish to events.<tenant>.<type>)
  API key  %[5]s

Subscribe an endpoint, then send an event:

  curl http://%[2]s/v1/event-subscriptions \
    -H 'Authorization: Bearer %[5]s' -H 'Content-Type: application/json' \
    -d '{"url":"http://127.0.0.1:9000/webhooks","eventTypes":["*"]}'

  curl http://%[2]s/v1/events \
    -H 'Authorization: Bearer %[5]s' -H 'Content-Type: application/json' \
    -d '{"type":"task.created","data":{"taskId":"t1"}}'

`
