package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/posthaste/posthaste/pkg/client"
	"github.com/posthaste/posthaste/services/internal/settings"
)

type eventsConfig struct {
	Server serverConfig `embed:""`
	Action string       `arg:"" optional:"" default:"list" enum:"list,tail" help:"list those that are kept, or tail: print them as they come."`
	Types  []string     `name:"types" group:"Events" help:"Types of events: exact, prefixes (task.*) or * for all. Empty: all."`
	Cursor string       `name:"cursor" group:"Events" help:"Where to begin: the cursor after which to go on. Empty: the oldest for list, from now on for tail and listen."`
	Limit  int          `name:"limit" group:"Output" help:"Most that are listed." default:"50"`
}

// Validate holds what a tag cannot.
func (c *eventsConfig) Validate() error {
	if c.Limit < 1 {
		return settings.Wrong("limit", "1 or more")
	}
	return nil
}

func (t *Terminal) events(ctx context.Context, cfg eventsConfig) error {
	c, err := t.dial(cfg.Server)
	if err != nil {
		return err
	}
	if cfg.Action == "tail" {
		return t.tail(ctx, c, cfg)
	}
	all := make([]client.Event, 0, min(cfg.Limit, maxPage))
	for e, err := range c.Events.All(ctx, client.ListEvents{After: cfg.Cursor, Limit: min(cfg.Limit, maxPage), Types: cfg.Types}) {
		if err != nil {
			return err
		}
		if all = append(all, e); len(all) == cfg.Limit {
			break
		}
	}
	type event = client.Event
	return rows(t.printer(cfg.Server), all,
		column[event]{"TIME", func(e event) string { return moment(&e.Timestamp) }},
		column[event]{"TYPE", func(e event) string { return e.Type }},
		column[event]{"ID", func(e event) string { return e.ID }},
		column[event]{"DATA", func(e event) string { return shorten(string(e.Data), maxDataShown) }},
	)
}

// maxDataShown is in characters.
const maxDataShown = 100

// tail prints events until it is stopped.
func (t *Terminal) tail(ctx context.Context, c *client.Client, cfg eventsConfig) error {
	p := t.printer(cfg.Server)
	return t.stream(ctx, c, client.StreamOptions{Types: cfg.Types, Cursor: cfg.Cursor}, func(e client.Event) error {
		text := fmt.Sprintf("%s  %s  %s  %s", moment(&e.Timestamp), plain(e.Type), plain(e.ID), plain(shorten(string(e.Data), maxDataShown)))
		return p.value(e, text)
	})
}

// stream tells of broken connections, and takes being stopped for no error.
func (t *Terminal) stream(ctx context.Context, c *client.Client, o client.StreamOptions, handle func(client.Event) error) error {
	o.OnReconnect = func(cause error, wait time.Duration) {
		fmt.Fprintf(t.Err, "connecting again in %s: %v\n", wait.Round(100*time.Millisecond), cause)
	}
	err := c.Events.Stream(ctx, o, handle)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil //nolint:nilerr // to be stopped is how it ends
	}
	return err
}

// shorten cuts a text to so many characters.
func shorten(text string, most int) string {
	for i := range text {
		if most == 0 {
			return text[:i] + "…"
		}
		most--
	}
	return text
}
