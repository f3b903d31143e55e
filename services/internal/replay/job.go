package replay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
)

// job is the work on one replay.
type job struct {
	*Runner
	rec   *posthastev1.Replay // as last noted
	stale bool                // rec may not be what is stored
	pace
	log *slog.Logger
}

func newJob(r *Runner, rec *posthastev1.Replay, log *slog.Logger) *job {
	return &job{Runner: r, rec: rec, pace: newPace(rec.GetRate(), r.cfg.Batch), log: log}
}

// pace is how fast a replay goes.
type pace struct {
	limiter  *rate.Limiter
	ahead    int // events looked at together
	together int // deliveries made together
}

// newPace makes batches of about a second's deliveries, so that a slow replay
// moves evenly and shows its progress. It reads no further ahead than some
// seconds: what became of a delivery, and whether the subscription is there
// still, may change.
func newPace(perSecond float64, batch int) pace {
	if perSecond == 0 || perSecond >= float64(batch) {
		p := pace{limiter: rate.NewLimiter(rate.Inf, batch), ahead: batch, together: batch}
		if perSecond > 0 {
			p.limiter.SetLimit(rate.Limit(perSecond))
		}
		return p
	}
	most := max(1, int(perSecond))
	return pace{limiter: rate.NewLimiter(rate.Limit(perSecond), most), ahead: min(batch, max(32, 10*most)), together: most}
}

// batch reads on and makes the deliveries of what it finds.
func (j *job) batch(ctx context.Context) error {
	if err := j.reload(ctx); err != nil {
		return err
	}
	found, err := j.find(ctx)
	if err != nil {
		return err
	}
	for _, p := range found.parts(j.together) {
		if err := j.deliver(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// reload reads the replay again after an error: a note whose answer was lost
// may have been taken.
func (j *job) reload(ctx context.Context) error {
	if !j.stale {
		return nil
	}
	rec, err := j.change(ctx, j.rec.GetTenant(), j.rec.GetId(), func(*posthastev1.Replay) error { return nil })
	if err != nil {
		return err
	}
	j.rec, j.stale = rec, false
	return nil
}

// find reads a batch. It holds a slot meanwhile, and none while it waits.
func (j *job) find(ctx context.Context) (*found, error) {
	if err := j.slots.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer j.slots.Release(1)
	sub, err := j.active(ctx, j.rec)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, findTimeout)
	defer cancel()
	return j.search(ctx, sub, j.rec, j.ahead)
}

// findTimeout bounds how long a history that hangs holds a slot.
const findTimeout = time.Minute

// deliver makes deliveries and notes how far the replay is.
func (j *job) deliver(ctx context.Context, p part) error {
	if len(p.entries) > 0 {
		if err := j.limiter.WaitN(ctx, len(p.entries)); err != nil {
			return fmt.Errorf("wait for the rate: %w", err)
		}
		if err := j.slotWithRoom(ctx); err != nil {
			return err
		}
		defer j.slots.Release(1)
		if err := j.publish(ctx, p); err != nil {
			return err
		}
		j.metrics.delivered(ctx, len(p.entries))
	}
	return j.note(ctx, p)
}

// errMoved is a replay that is not where it was left.
var errMoved = errors.New("the record of the replay is ahead of its work")

// note stores how far the replay is.
func (j *job) note(ctx context.Context, p part) error {
	rec, err := j.change(ctx, j.rec.GetTenant(), j.rec.GetId(), func(rec *posthastev1.Replay) error {
		if rec.GetNextSequence() != j.rec.GetNextSequence() {
			return errMoved
		}
		rec.NextSequence = p.next
		rec.Scanned += uint64(p.scanned)
		rec.Matched += uint64(len(p.entries))
		rec.UpdatedAt = timestamppb.New(j.now())
		return nil
	})
	if err != nil {
		return err
	}
	j.rec = rec
	return nil
}

// roomPause is how often a replay that waits for room looks for it.
const roomPause = 250 * time.Millisecond

// slotWithRoom returns with a slot once the lane has room. The one that looks
// holds a slot, so at most a batch for each slot comes on top.
func (j *job) slotWithRoom(ctx context.Context) error {
	for {
		if err := j.slots.Acquire(ctx, 1); err != nil {
			return err
		}
		lane, err := j.deps.Bus.JS.Consumer(ctx, bus.StreamDeliveries, string(bus.LaneDue))
		if err == nil && lane.CachedInfo().NumPending < uint64(j.cfg.MaxPending) {
			return nil
		}
		j.slots.Release(1)
		if err != nil {
			return fmt.Errorf("look at the lane %s: %w", bus.LaneDue, err)
		}
		if !sleep(ctx, roomPause) {
			return ctx.Err()
		}
	}
}
