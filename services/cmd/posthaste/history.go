package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/history"
	"github.com/posthaste/posthaste/services/internal/history/projection"
	"github.com/posthaste/posthaste/services/internal/telemetry"
)

type historyConfig struct {
	Action    string           `arg:"" name:"action" enum:"rebuild" help:"rebuild: drop the history and make it anew of the stream ATTEMPTS, also while services run. What is older than attempts-max-age is lost."`
	Bus       bus.Config       `embed:""`
	History   history.Config   `embed:""`
	Telemetry telemetry.Config `embed:""`
}

func runHistory(ctx context.Context, cfg historyConfig) error {
	log := telemetry.NewLogger(cfg.Telemetry, os.Stderr).With("service", "history")
	b, err := bus.Connect(ctx, cfg.Bus, "history", log)
	if err != nil {
		return err
	}
	defer b.Close()
	store, err := history.Open(ctx, cfg.History, log)
	if err != nil {
		return err
	}
	done, err := rebuild(ctx, b, store, log)
	if closeErr := store.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "The history is rebuilt: %d records.\n", done)
	return err
}

// rebuild shows how far it is, on a terminal.
func rebuild(ctx context.Context, b *bus.Bus, store *history.Store, log *slog.Logger) (records uint64, err error) {
	bar := &progress{what: "rebuild", log: log}
	err = projection.Rebuild(ctx, b, store, log, func(done, total uint64) {
		records = done
		bar.set(int(done), int(total))
	})
	return records, err
}
