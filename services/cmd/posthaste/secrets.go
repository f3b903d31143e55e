package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/idempotency"
	"github.com/posthaste/posthaste/services/internal/sealed"
	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/telemetry"
)

type secretsConfig struct {
	Action    string           `arg:"" name:"action" enum:"new-key,status,rotate" help:"new-key: print a key for encryption-keys. status: how many records each key encrypts. rotate: encrypt with the first key whatever is not, also while services run."`
	Bus       bus.Config       `embed:""`
	Secrets   sealed.Config    `embed:""`
	Telemetry telemetry.Config `embed:""`
}

func runSecrets(ctx context.Context, cfg secretsConfig) error {
	if cfg.Action == "new-key" {
		_, err := fmt.Fprintln(os.Stdout, sealed.NewKey(time.Now()).Reveal())
		return err
	}
	keys, err := cfg.Secrets.Keys()
	if err != nil {
		return err
	}
	if cfg.Action == "rotate" && keys.First() == "" {
		return errors.New("encryption-keys: is required, with the key to encrypt with first; make one with: posthaste secrets new-key")
	}
	log := telemetry.NewLogger(cfg.Telemetry, os.Stderr).With("service", "secrets")
	b, err := bus.Connect(ctx, cfg.Bus, "secrets", log)
	if err != nil {
		return err
	}
	defer b.Close()
	all, err := sealedRecords(ctx, b, keys)
	if err != nil {
		return err
	}
	if cfg.Action == "rotate" {
		err = rotateSecrets(ctx, keys, all, log)
	}
	return errors.Join(err, showSeals(ctx, os.Stdout, keys, all))
}

// sealedRecords are those of every bucket that holds secrets.
func sealedRecords(ctx context.Context, b *bus.Bus, keys *sealed.Keys) ([]sealed.Records, error) {
	subscriptions, err := subscription.NewStore(ctx, b, keys)
	if err != nil {
		return nil, err
	}
	answers, err := idempotency.Open(ctx, b, keys)
	if err != nil {
		return nil, err
	}
	return []sealed.Records{subscriptions, answers}, nil
}

func rotateSecrets(ctx context.Context, keys *sealed.Keys, all []sealed.Records, log *slog.Logger) error {
	var faults []error
	for _, records := range all {
		bar := &progress{what: records.Noun(), log: log}
		r, err := sealed.Rotate(ctx, keys, records, bar.set)
		if r.Failed > 0 {
			err = fmt.Errorf("%d %s are left as they were: %w", r.Failed, records.Noun(), err)
		}
		faults = append(faults, err)
		if _, err := fmt.Fprintf(os.Stdout, "%d %s are encrypted anew with %s.\n", r.Done, records.Noun(), keys.First()); err != nil {
			return err
		}
	}
	return errors.Join(faults...)
}

// showSeals lists how many records each key encrypts, those of keys that are
// known and encrypt none as well: these can be dropped.
func showSeals(ctx context.Context, out io.Writer, keys *sealed.Keys, all []sealed.Records) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "KEY\t%s\t%s\t\n", "SUBSCRIPTIONS", "KEPT ANSWERS")
	counts, ids := make([]sealed.Count, len(all)), keys.IDs()
	for i, records := range all {
		var err error
		if counts[i], err = sealed.Tally(ctx, records); err != nil {
			return err
		}
		for _, id := range slices.Sorted(maps.Keys(counts[i])) {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	for _, id := range ids {
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\n", orPlain(id), counts[0][id], counts[1][id], remark(keys, id))
	}
	return table.Flush()
}

func orPlain(id string) string {
	if id == "" {
		return "none"
	}
	return id
}

func remark(keys *sealed.Keys, id string) string {
	switch {
	case id == "":
		return "in the clear: run posthaste secrets rotate"
	case id == keys.First():
		return "encrypts"
	case slices.Contains(keys.IDs(), id):
		return "decrypts"
	default:
		return "not among encryption-keys: cannot be opened"
	}
}
