package replay

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// Why a runner lets a replay be.
var (
	errEnded = errors.New("the replay does not run any more")
	errTaken = errors.New("the replay is another worker's")
)

// lost says whether err means that the replay is not this runner's to work on.
func lost(err error) bool {
	return errors.Is(err, errEnded) || errors.Is(err, errTaken) || errors.Is(err, ErrNotFound)
}

// free says whether this runner may work on the replay. Clocks that differ do
// no harm beyond work done twice: each batch is noted by compare-and-set.
func (r *Runner) free(rec *posthastev1.Replay) bool {
	return rec.GetWorker() == "" || rec.GetWorker() == r.name || !rec.GetLeasedUntil().AsTime().After(r.now())
}

// claim makes the replay this runner's.
func (r *Runner) claim(ctx context.Context, tenant, id string) (*posthastev1.Replay, error) {
	return r.deps.Store.Update(ctx, tenant, id, func(rec *posthastev1.Replay) (bool, error) {
		switch {
		case rec.GetStatus() != running:
			return false, errEnded
		case !r.free(rec):
			return false, errTaken
		}
		rec.Worker = r.name
		r.extend(rec)
		return true, nil
	})
}

func (r *Runner) extend(rec *posthastev1.Replay) {
	rec.LeasedUntil = timestamppb.New(r.now().Add(r.cfg.Lease))
}

// change changes a replay that is this runner's, and holds on to it. Errors:
// errEnded, errTaken.
func (r *Runner) change(ctx context.Context, tenant, id string, change func(*posthastev1.Replay) error) (*posthastev1.Replay, error) {
	return r.deps.Store.Update(ctx, tenant, id, func(rec *posthastev1.Replay) (bool, error) {
		switch {
		case rec.GetStatus() != running:
			return false, errEnded
		case rec.GetWorker() != r.name:
			return false, errTaken
		}
		r.extend(rec)
		return true, change(rec)
	})
}

// hold renews the lease until ctx ends. It stops the work where the replay has
// become another's, or will.
func (r *Runner) hold(ctx context.Context, stop context.CancelCauseFunc, tenant, id string) {
	renew := time.NewTicker(r.cfg.Lease / 3)
	defer renew.Stop()
	for until := r.now().Add(r.cfg.Lease); ; {
		select {
		case <-ctx.Done():
			return
		case <-renew.C:
		}
		next := r.now().Add(r.cfg.Lease)
		within, cancel := context.WithTimeout(ctx, r.cfg.Lease/3)
		_, err := r.change(within, tenant, id, func(*posthastev1.Replay) error { return nil })
		cancel()
		switch {
		case err == nil:
			until = next
		case lost(err):
			stop(err)
			return
		case !r.now().Before(until):
			stop(errTaken) // by now, or any moment
			return
		}
	}
}
