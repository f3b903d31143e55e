package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/posthaste/posthaste/pkg/client"
	"github.com/posthaste/posthaste/services/internal/settings"
)

type replayConfig struct {
	Server serverConfig `embed:""`
	Target string       `arg:"" name:"subscription" help:"Subscription, evsub_…, to deliver to; or get, cancel (before the id of a replay) or list (before that of a subscription)."`
	ID     string       `arg:"" optional:"" help:"For get, cancel and list."`
	Span   spanConfig   `embed:""`
	Types  []string     `name:"types" group:"Events" help:"Types of events: exact, prefixes (task.*) or * for all. Empty: all."`
	Only   []string     `name:"only" group:"Replay" help:"Only events whose delivery failed (failed), for which there was none (missed), or both."`
	Rate   float64      `name:"rate" group:"Replay" unit:"deliveries a second" help:"How fast; 0 for the server's."`
	DryRun bool         `name:"dry-run" group:"Replay" help:"Count, and deliver nothing."`
	Wait   bool         `name:"wait" group:"Replay" help:"Wait for the end and show how far it is; --no-wait leaves it alone." default:"true" negatable:""`
}

// managed are the words that stand in a subscription's place.
var managed = []string{"get", "cancel", "list"}

// Validate holds what a tag cannot.
func (c *replayConfig) Validate() error {
	if c.Rate < 0 {
		return settings.Wrong("rate", "0 or more")
	}
	for _, only := range c.Only {
		if only != client.OnlyFailed && only != client.OnlyMissed {
			return settings.Wrong("only", "failed, missed, or both")
		}
	}
	if slices.Contains(managed, c.Target) {
		return needID(c.Target, c.ID)
	}
	return noID("replay "+c.Target, c.ID)
}

func (t *Terminal) replay(ctx context.Context, cfg replayConfig) error {
	c, err := t.dial(cfg.Server)
	if err != nil {
		return err
	}
	if slices.Contains(managed, cfg.Target) {
		return t.manageReplay(ctx, c, cfg)
	}
	since, until := cfg.Span.read(t.Now())
	request := client.ReplayRequest{Since: since, Until: until, EventTypes: cfg.Types, Only: cfg.Only, Rate: cfg.Rate}
	if cfg.DryRun {
		return t.countReplay(ctx, c, cfg, request)
	}
	r, err := c.EventSubscriptions.Replay(ctx, cfg.Target, request)
	if err != nil {
		return err
	}
	if !cfg.Wait {
		return t.printer(cfg.Server).value(r, r.ID)
	}
	return t.waitReplay(ctx, c, cfg, r)
}

func (t *Terminal) countReplay(ctx context.Context, c *client.Client, cfg replayConfig, request client.ReplayRequest) error {
	n, err := c.EventSubscriptions.ReplayDryRun(ctx, cfg.Target, request)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("events that would be delivered: %d of %d", n.Events, n.Scanned)
	if !n.Complete {
		text = fmt.Sprintf("events that would be delivered: %d or more; counting stopped after %d", n.Events, n.Scanned)
	}
	return t.printer(cfg.Server).value(n, text)
}

// waitReplay shows how far the replay is. It goes on when this is stopped.
func (t *Terminal) waitReplay(ctx context.Context, c *client.Client, cfg replayConfig, r *client.Replay) error {
	shown := t.newProgress(r.ID)
	done, err := c.Replays.Wait(ctx, r.ID, shown.at)
	shown.end()
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("stopped waiting; the replay goes on, cancel it with: posthaste replay cancel %s", r.ID)
	case err != nil:
		return fmt.Errorf("wait for replay %s: %w", r.ID, err)
	}
	if err := t.printer(cfg.Server).value(done, summary(done)); err != nil {
		return err
	}
	if done.Status != client.ReplayDone {
		return fmt.Errorf("replay %s ended as %s %s", done.ID, done.Status, done.Error)
	}
	return nil
}

func summary(r *client.Replay) string {
	return fmt.Sprintf("replay %s: %s, looked at %d, delivered %d", r.ID, r.Status, r.Scanned, r.Delivered)
}
