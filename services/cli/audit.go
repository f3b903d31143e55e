package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/posthaste/posthaste/pkg/client"
	"github.com/posthaste/posthaste/services/internal/settings"
)

type auditConfig struct {
	Server serverConfig  `embed:""`
	Action string        `arg:"" optional:"" default:"show" enum:"show,open" help:"show: how the books stand. open: open them anew from what is there, whatever is missing."`
	Within time.Duration `name:"within" group:"Audit" unit:"duration" help:"How long to wait until nothing moves; 0 to show what there is at once." default:"10s"`
}

// Validate holds what a tag cannot.
func (c *auditConfig) Validate() error {
	if c.Within < 0 {
		return settings.Wrong("within", "0s or more")
	}
	return nil
}

// errMissing is the exit code 1; the books are printed by then.
var errMissing = errors.New("deliveries are missing")

// auditEvery is how often it is asked while something moves: a little more than
// what nothing must move for.
const auditEvery = 3200 * time.Millisecond

func (t *Terminal) audit(ctx context.Context, cfg auditConfig) error {
	c, err := t.dial(cfg.Server)
	if err != nil {
		return err
	}
	ask := c.Audit.Get
	if cfg.Action == "open" {
		ask = c.Audit.Open
	}
	books, err := auditWithin(ctx, ask, cfg.Within)
	if err != nil {
		return err
	}
	if err := printBooks(t.printer(cfg.Server), books); err != nil {
		return err
	}
	if books.Settled && books.Missing > 0 {
		return errMissing
	}
	return nil
}

// auditWithin asks until nothing moves.
func auditWithin(ctx context.Context, ask func(context.Context) (*client.Books, error), within time.Duration) (*client.Books, error) {
	enough := time.NewTimer(within)
	defer enough.Stop()
	for {
		books, err := ask(ctx)
		var refused *client.Error
		if moving := errors.As(err, &refused) && refused.Code == "conflict"; !moving && (err != nil || books.Settled) {
			return books, err
		}
		again := time.NewTimer(auditEvery)
		select {
		case <-ctx.Done():
			return books, errors.Join(err, ctx.Err())
		case <-enough.C:
			return books, err
		case <-again.C:
		}
	}
}

func printBooks(p printer, b *client.Books) error {
	if p.json {
		return p.line(b)
	}
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	standing := "not opened yet"
	switch {
	case b.OpenedAt == nil:
	case b.Missing > 0 && b.Settled:
		standing = n(b.Missing) + " deliveries are missing"
	case b.Missing == 0 && b.Settled:
		standing = "balanced"
	case b.Settled:
		standing = n(-b.Missing) + " more than were made: some ended twice"
	default:
		standing = "moving; out by " + n(b.Missing) + " at this moment"
	}
	all := []pair{
		{"books", standing},
		{"opened", moment(b.OpenedAt)},
		{"events", fmt.Sprintf("%d accepted, %d routed, %d rejected", b.Events.Accepted, b.Events.Routed, b.Events.Rejected)},
		{"made", n(b.Deliveries.Made)},
		{"delivered", n(b.Deliveries.Delivered)},
		{"failed", n(b.Deliveries.Failed)},
		{"cancelled", n(b.Deliveries.Cancelled)},
		{"waiting", n(b.Deliveries.Waiting)},
	}
	for _, why := range b.Open {
		all = append(all, pair{"open", why})
	}
	return pairs(p.out, all)
}
