package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/posthaste/posthaste/services/internal/backup"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/telemetry"
)

type backupConfig struct {
	To        string           `name:"to" group:"Backup" unit:"path" help:"Directory to write the backup to; it must be empty, or not there yet."`
	Bus       bus.Config       `embed:""`
	Telemetry telemetry.Config `embed:""`
}

// Validate holds what a tag cannot.
func (c *backupConfig) Validate() error {
	if c.To == "" {
		return errors.New("to: is required, the directory to write the backup to")
	}
	return nil
}

func runBackup(ctx context.Context, cfg backupConfig) error {
	log := telemetry.NewLogger(cfg.Telemetry, os.Stderr).With("service", "backup")
	b, err := bus.Dial(ctx, cfg.Bus, "backup", log)
	if err != nil {
		return err
	}
	defer b.Close()
	m, err := backup.Take(ctx, b, cfg.To, log)
	if err != nil {
		return err
	}
	return tell(m, "backed up to", cfg.To)
}

type restoreConfig struct {
	From      string           `name:"from" group:"Backup" unit:"path" help:"Directory of the backup to restore."`
	Bus       bus.Config       `embed:""`
	Telemetry telemetry.Config `embed:""`
}

// Validate holds what a tag cannot.
func (c *restoreConfig) Validate() error {
	if c.From == "" {
		return errors.New("from: is required, the directory of the backup")
	}
	return nil
}

func runRestore(ctx context.Context, cfg restoreConfig) error {
	log := telemetry.NewLogger(cfg.Telemetry, os.Stderr).With("service", "restore")
	b, err := bus.Dial(ctx, cfg.Bus, "restore", log)
	if err != nil {
		return err
	}
	defer b.Close()
	m, err := backup.Restore(ctx, b, cfg.From, cfg.Bus.Replicas, log)
	if err != nil {
		return err
	}
	return tell(m, "restored from", cfg.From)
}

// tell says how much was copied.
func tell(m *backup.Manifest, done, dir string) error {
	var messages uint64
	for i := range m.Streams {
		messages += m.Streams[i].Messages()
	}
	_, err := fmt.Fprintf(os.Stdout, "%d streams and buckets with %d messages are %s %s.\n", len(m.Streams), messages, done, dir)
	return err
}
