package replay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
)

// refusal is why a replay fails for good, for people.
type refusal struct{ why string }

func (r refusal) Error() string { return r.why }

func refuse(format string, args ...any) error { return refusal{fmt.Sprintf(format, args...)} }

// work executes a replay until it has ended, has become another's, or ctx
// ends.
func (r *Runner) work(ctx context.Context, stop context.CancelCauseFunc, tenant, id string) {
	log := r.deps.Log.With("tenant", tenant, "replay", id)
	rec, err := r.claim(ctx, tenant, id)
	if err != nil {
		if ctx.Err() == nil && !lost(err) {
			log.Warn("replay not begun; it will be tried again", "error", err)
		}
		return
	}
	defer r.metrics.begun(ctx)()
	log.Info("replay begins", "subscription", rec.GetSubscriptionId(), "next_sequence", rec.GetNextSequence(), "last_sequence", rec.GetLastSequence())

	holding, release := context.WithCancel(ctx)
	var holder sync.WaitGroup
	holder.Go(func() { r.hold(holding, stop, tenant, id) })
	err = newJob(r, rec, log).run(ctx)
	release()
	holder.Wait()
	r.end(ctx, log, rec, err)
}

// endTimeout bounds the last word on a replay.
const endTimeout = 5 * time.Second

// end writes what the work came to. A replay that was merely interrupted is
// given back.
func (r *Runner) end(ctx context.Context, log *slog.Logger, rec *posthastev1.Replay, why error) {
	if lost(why) {
		log.Info("replay left", "reason", why)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	last, err := r.change(ctx, rec.GetTenant(), rec.GetId(), func(rec *posthastev1.Replay) error {
		conclude(rec, why, r.now())
		return nil
	})
	switch {
	case lost(err):
		log.Info("replay left", "reason", err)
		return
	case err != nil: // another takes it over when the lease has ended
		log.Warn("end of a replay's work not noted", "error", err)
		return
	}
	log.Info("replay's work ended", "status", last.GetStatus().String(), "reason", why,
		"scanned", last.GetScanned(), "matched", last.GetMatched())
}

// conclude sets the status that the work came to, and lets go of the replay.
func conclude(rec *posthastev1.Replay, why error, now time.Time) {
	rec.Worker, rec.LeasedUntil, rec.UpdatedAt = "", nil, timestamppb.New(now)
	var no refusal
	switch {
	case why == nil:
		rec.Status, rec.FinishedAt = done, timestamppb.New(now)
	case errors.As(why, &no):
		rec.Status, rec.FinishedAt, rec.Error = failed, timestamppb.New(now), no.why
	}
}

// run executes the replay to its end. An error that may pass is waited out, and
// the work goes on from what is stored.
func (j *job) run(ctx context.Context) error {
	if err := Check(j.rec); err != nil {
		return refusal{err.Error()}
	}
	policy := bus.BackOff(bus.FirstWait)
	for j.rec.GetNextSequence() <= j.rec.GetLastSequence() {
		err := j.batch(ctx)
		var no refusal
		switch {
		case err == nil:
			policy.Reset()
			continue
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.As(err, &no), lost(err):
			return err
		}
		pause := policy.NextBackOff()
		j.log.Warn("replay interrupted; it goes on", "error", err, "retry_in", pause.Round(time.Millisecond))
		if !sleep(ctx, pause) {
			return context.Cause(ctx)
		}
		j.stale = true
	}
	return nil
}

// sleep returns false where ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
