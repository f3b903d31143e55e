package cli

import (
	"context"
	"strconv"

	"github.com/posthaste/posthaste/pkg/client"
)

// manageReplay is get, cancel and list.
func (t *Terminal) manageReplay(ctx context.Context, c *client.Client, cfg replayConfig) error {
	p := t.printer(cfg.Server)
	if cfg.Target == "list" {
		all, err := c.EventSubscriptions.Replays(ctx, cfg.ID)
		if err != nil {
			return err
		}
		return replayRows(p, all)
	}
	do := c.Replays.Get
	if cfg.Target == "cancel" {
		do = c.Replays.Cancel
	}
	r, err := do(ctx, cfg.ID)
	if err != nil {
		return err
	}
	return p.value(r, summary(r))
}

func replayRows(p printer, all []client.Replay) error {
	type replay = client.Replay
	return rows(p, all,
		column[replay]{"ID", func(r replay) string { return r.ID }},
		column[replay]{"STATUS", func(r replay) string { return r.Status }},
		column[replay]{"PROGRESS", func(r replay) string { return strconv.Itoa(int(r.Progress*100)) + " %" }},
		column[replay]{"DELIVERED", func(r replay) string { return strconv.FormatInt(r.Delivered, 10) }},
		column[replay]{"SINCE", func(r replay) string { return moment(r.Since) }},
		column[replay]{"UNTIL", func(r replay) string { return moment(r.Until) }},
		column[replay]{"CREATED", func(r replay) string { return moment(&r.CreatedAt) }},
	)
}
