package replay

import (
	"context"
	"errors"
	"fmt"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/eventlog"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// found are events that were looked at.
type found struct {
	entries []eventlog.Entry
	wanted  []bool // of entries
	next    uint64 // the place to go on from
}

// part is what is made together, and how far the replay is then.
type part struct {
	entries []eventlog.Entry // to be delivered
	scanned int
	next    uint64
}

// parts splits what was found so that no part has more than most deliveries.
func (f *found) parts(most int) []part {
	var parts []part
	var now part
	for i, entry := range f.entries {
		if f.wanted[i] && len(now.entries) == most {
			parts = append(parts, now)
			now = part{}
		}
		if f.wanted[i] {
			now.entries = append(now.entries, entry)
		}
		now.scanned++
		now.next = entry.Sequence + 1
	}
	now.next = f.next // past what did not match
	return append(parts, now)
}

// active reads the replay's subscription, which must be able to take
// deliveries.
func (r *Runner) active(ctx context.Context, rec *posthastev1.Replay) (*subscription.Subscription, error) {
	sub, err := r.subscription(ctx, rec)
	if err != nil {
		return nil, err
	}
	if !sub.Active() {
		return nil, refuse("the subscription was disabled (%s); enable it, then make a new replay from sequence %d on", sub.GetDisabledReason(), rec.GetNextSequence())
	}
	return sub, nil
}

func (r *Runner) subscription(ctx context.Context, rec *posthastev1.Replay) (*subscription.Subscription, error) {
	sub, err := r.deps.Subscription(ctx, rec.GetTenant(), rec.GetSubscriptionId())
	if errors.Is(err, subscription.ErrNotFound) {
		return nil, refuse("the subscription was removed")
	}
	if err != nil {
		return nil, fmt.Errorf("read the subscription %s of a replay: %w", rec.GetSubscriptionId(), err)
	}
	return sub, nil
}

// search looks at up to limit events from the replay's place on.
func (r *Runner) search(ctx context.Context, sub *subscription.Subscription, rec *posthastev1.Replay, limit int) (*found, error) {
	types := rec.GetEventTypes()
	if len(types) == 0 {
		types = sub.GetEventTypes()
	}
	after := max(1, rec.GetNextSequence()) - 1
	entries, cursor, _, err := r.deps.Events.Page(ctx, eventlog.Range{
		Tenant: rec.GetTenant(), Types: types, After: after, Through: rec.GetLastSequence(),
	}, limit)
	switch {
	case errors.Is(err, eventlog.ErrExpired):
		return r.skip(ctx, rec)
	case err != nil:
		return nil, err
	case cursor == after:
		return nil, errOtherStream // else the last place would have been reached
	}
	wanted, err := r.choose(ctx, sub, rec, entries)
	if err != nil {
		return nil, err
	}
	return &found{entries: entries, wanted: wanted, next: min(cursor, rec.GetLastSequence()) + 1}, nil
}

// errOtherStream is a replay of events that were lost with their stream.
var errOtherStream = refuse("the stream of events was made anew; the events to replay are gone")

// skip goes on with the first event that is kept, where those before it have
// expired.
func (r *Runner) skip(ctx context.Context, rec *posthastev1.Replay) (*found, error) {
	first, last, err := r.deps.Events.Bounds(ctx)
	switch {
	case err != nil:
		return nil, err
	case last < rec.GetLastSequence(), first <= rec.GetNextSequence():
		return nil, errOtherStream
	}
	r.deps.Log.Warn("events of a replay have expired before their turn", "tenant", rec.GetTenant(), "replay", rec.GetId(),
		"from_sequence", rec.GetNextSequence(), "to_sequence", first-1)
	return &found{next: min(first, rec.GetLastSequence()+1)}, nil
}

// choose says which events the replay is for. What became of their deliveries
// is asked once for all.
func (r *Runner) choose(ctx context.Context, sub *subscription.Subscription, rec *posthastev1.Replay, entries []eventlog.Entry) ([]bool, error) {
	chosen := make([]bool, len(entries))
	var ids []string
	for i, entry := range entries {
		chosen[i] = r.deps.Match(sub, entry.Event)
		if chosen[i] && len(rec.GetOnly()) > 0 {
			ids = append(ids, delivery.ID(entry.Event, sub.GetId()))
		}
	}
	if len(ids) == 0 {
		return chosen, nil
	}
	outcomes, err := r.deps.Outcomes(ctx, rec.GetTenant(), ids)
	if err != nil {
		return nil, fmt.Errorf("read what became of %d deliveries: %w", len(ids), err)
	}
	for i, entry := range entries {
		if chosen[i] {
			chosen[i] = wanted(rec.GetOnly(), outcomes[ids[0]], entry.Stored, sub.GetDisabledPeriods())
			ids = ids[1:]
		}
	}
	return chosen, nil
}
