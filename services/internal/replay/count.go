package replay

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// Span fixes the places between which the replay reads, so that it ends: from
// its times, where it has them, and from what is kept now. Places that are
// set already narrow it further. Where nothing is left the first is beyond the
// last.
func (r *Runner) Span(ctx context.Context, rec *posthastev1.Replay) error {
	first, last, err := r.deps.Events.Bounds(ctx)
	if err != nil {
		return err
	}
	if rec.Since != nil {
		since, err := r.deps.Events.SequenceAt(ctx, rec.Since.AsTime())
		if err != nil {
			return err
		}
		first = max(first, since)
	}
	if rec.Until != nil {
		until, err := r.deps.Events.SequenceAt(ctx, rec.Until.AsTime())
		if err != nil {
			return err
		}
		last = min(last, until-1)
	}
	if rec.LastSequence > 0 {
		last = min(last, rec.LastSequence)
	}
	rec.FirstSequence, rec.LastSequence = max(first, rec.FirstSequence), last
	rec.NextSequence = rec.FirstSequence
	return nil
}

// Count is what a replay would do.
type Count struct {
	Events  int // to be delivered
	Scanned int // looked at
	// Complete is false where the time was up before all were looked at.
	Complete bool
}

// Count counts without delivering. It takes as long as limit, and no longer
// than the setting; 0 is the setting. The subscription may be disabled. rec has
// its places by Span, and is not changed.
func (r *Runner) Count(ctx context.Context, rec *posthastev1.Replay, limit time.Duration) (Count, error) {
	var c Count
	if err := Check(rec); err != nil {
		return c, err
	}
	sub, err := r.subscription(ctx, rec)
	if err != nil {
		return c, err
	}
	if limit <= 0 || limit > r.cfg.CountTime {
		limit = r.cfg.CountTime
	}
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for at := proto.CloneOf(rec); at.GetNextSequence() <= at.GetLastSequence(); {
		found, err := r.search(within, sub, at, r.cfg.Batch)
		if within.Err() != nil && ctx.Err() == nil {
			return c, nil
		}
		if err != nil {
			return c, fmt.Errorf("count events: %w", err)
		}
		c.add(found)
		at.NextSequence = found.next
	}
	c.Complete = true
	return c, nil
}

func (c *Count) add(f *found) {
	c.Scanned += len(f.entries)
	for _, wanted := range f.wanted {
		if wanted {
			c.Events++
		}
	}
}
