package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"text/tabwriter"

	"github.com/posthaste/posthaste/services/dispatcher"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/policy"
	"github.com/posthaste/posthaste/services/internal/preflight"
	"github.com/posthaste/posthaste/services/internal/redisstore"
	"github.com/posthaste/posthaste/services/internal/telemetry"
)

type doctorConfig struct {
	JSON       bool              `name:"json" group:"Output" help:"Print one JSON value a line, for programs."`
	Bus        bus.Config        `embed:""`
	Preflight  preflight.Config  `embed:""`
	Redis      redisstore.Config `embed:""`
	Event      event.Config      `embed:""`
	Retries    policy.Config     `embed:""`
	Dispatcher dispatcher.Config `embed:""`
	Telemetry  telemetry.Config  `embed:""`
}

// errUnfit is the exit code 1; the findings are printed by then.
var errUnfit = errors.New("a service with these settings would not start, or would break a promise")

func runDoctor(ctx context.Context, cfg doctorConfig) error {
	log := telemetry.NewLogger(cfg.Telemetry, os.Stderr).With("service", "doctor")
	report, err := examine(ctx, cfg, log)
	if err != nil {
		return err
	}
	if err := printReport(os.Stdout, report, cfg.JSON); err != nil {
		return err
	}
	if report.Err() != nil {
		return errUnfit
	}
	return nil
}

// examine looks at what is there and changes nothing.
func examine(ctx context.Context, cfg doctorConfig, log *slog.Logger) (preflight.Report, error) {
	b, err := bus.Dial(ctx, cfg.Bus, "doctor", log)
	if err != nil {
		return preflight.Report{{Check: "nats", Level: preflight.Refuse, Message: err.Error(), Do: "start NATS, or set POSTHASTE_NATS_URL and the login"}}, nil
	}
	defer b.Close()
	redis, err := redisstore.New(cfg.Redis, log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = redis.Close() }() // it has been heard
	return preflight.Run(ctx, preflight.Process{
		Config: cfg.Preflight, Bus: b, Streams: cfg.Bus, Consumers: true, Redis: redis, DedupTTL: cfg.Redis.DedupTTL,
		MaxEventBytes: int64(cfg.Event.MaxEventBytes), RequestTimeout: cfg.Retries.RequestTimeout, InHand: cfg.Dispatcher.InHand(),
	}), nil
}

func printReport(out io.Writer, report preflight.Report, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		for _, f := range report {
			if err := enc.Encode(f); err != nil {
				return fmt.Errorf("write the findings: %w", err)
			}
		}
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "CHECK\tLEVEL\tFINDING\n")
	for _, f := range report {
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.Check, f.Level, f.Message)
		if f.Do != "" {
			fmt.Fprintf(table, "\t\t→ %s\n", f.Do)
		}
	}
	return table.Flush()
}
