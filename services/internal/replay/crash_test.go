package replay

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// once holds that each event was delivered once, in whatever order.
func once(t *testing.T, got, want []string) {
	t.Helper()
	slices.SortFunc(got, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	})
	equal(t, got, want)
}

// dying publishes until a batch, of which it publishes some, all or none; then
// its connection is gone, as that of a process that was killed.
func (h *house) dying(r *Runner, batch, some int, dead func()) publisher {
	whole := r.deps.Bus.NewPublisher(512, publishBytes)
	var batches atomic.Int64
	return publish(func(ctx context.Context, msgs []bus.Msg) error {
		if batches.Add(1) < int64(batch) {
			return whole.Publish(ctx, msgs)
		}
		if err := whole.Publish(ctx, msgs[:min(some, len(msgs))]); err != nil {
			return err
		}
		r.deps.Bus.NC.Close()
		dead()
		return errors.New("this process is dead")
	})
}

// Runners die one after the other, each in another batch and at another point
// of it. Whoever comes next ends the lease's wait and makes what is missing.
func TestRunnersThatDie(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const events = 1000
	h.publish(t, events, tasks)
	id := h.begin(t, h.runner(t, quick()))
	for _, some := range []int{0, 20, 50} { // of a batch of 50
		r := h.runner(t, quick())
		ctx, kill := context.WithCancel(t.Context())
		r.publisher = h.dying(r, 1+rand.IntN(4), some, kill)
		if err := r.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if rec := h.get(t, id); rec.GetStatus() != running || rec.GetWorker() != r.name {
			t.Fatalf("after a death: %v", rec)
		}
	}
	made := h.deliveries(t)
	if rec := h.get(t, id); int(rec.GetMatched()) >= made {
		t.Fatalf("%d deliveries are noted and %d made: nobody died between", rec.GetMatched(), made)
	}
	testbed.Running(t, h.runner(t, quick()).Run)
	if rec := h.ends(t, id); rec.GetStatus() != done || rec.GetMatched() != events || rec.GetScanned() != events {
		t.Errorf("%v", rec)
	}
	once(t, h.delivered(t, id), numbered(1, events))
}

// Two runners share several replays. One dies; the other ends them all.
func TestTwoRunners(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const events = 600
	h.publish(t, events, tasks)
	first, second := h.runner(t, quick()), h.runner(t, quick())
	ctx, kill := context.WithCancel(t.Context())
	defer kill()
	first.publisher = h.dying(first, 3+rand.IntN(8), rand.IntN(51), kill)
	died := make(chan error, 1)
	go func() { died <- first.Run(ctx) }()
	var ids []string
	for range 6 {
		ids = append(ids, h.begin(t, first))
	}
	testbed.Running(t, second.Run)
	for _, id := range ids {
		if rec := h.ends(t, id); rec.GetStatus() != done || rec.GetMatched() != events {
			t.Errorf("%v", rec)
		}
	}
	rounds := h.rounds(t)
	for _, id := range ids {
		once(t, rounds[id], numbered(1, events))
	}
	kill()
	if err := <-died; err != nil {
		t.Error(err)
	}
}

// A runner that is stopped gives back what it has; the next goes on at once,
// without waiting for a lease, and ends it.
func TestStoppedRunnersGiveBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const events = 1000
	h.publish(t, events, tasks)
	cfg := quick()
	cfg.Lease = time.Hour
	id := h.begin(t, h.runner(t, cfg))
	for i := range uint64(4) {
		r := h.runner(t, cfg)
		stop := testbed.Running(t, r.Run)
		h.reaches(t, id, "moves", func(rec *posthastev1.Replay) bool { return rec.GetMatched() > 100*i })
		stop()
		if rec := h.get(t, id); rec.GetStatus() == running && (rec.GetWorker() != "" || rec.LeasedUntil != nil) {
			t.Errorf("not given back: %v", rec)
		}
	}
	testbed.Running(t, h.runner(t, cfg).Run)
	if rec := h.ends(t, id); rec.GetMatched() != events {
		t.Errorf("%v", rec)
	}
	once(t, h.delivered(t, id), numbered(1, events))
}

// A runner whose lease another has taken notices, and leaves it.
func TestLeaseThatWasTaken(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, 20, tasks)
	r := h.runner(t, quick())
	testbed.Running(t, r.Run)
	id := h.begin(t, r, slow)
	h.reaches(t, id, "has made a delivery", func(rec *posthastev1.Replay) bool { return rec.GetMatched() == 1 })
	_, err := h.store.Update(t.Context(), "t", id, func(rec *posthastev1.Replay) (bool, error) {
		rec.Worker = "another"
		rec.LeasedUntil.Seconds += 3600
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	testbed.Eventually(t, "the runner lets go of it", func() bool { return r.holds() == 0 })
	if rec := h.get(t, id); rec.GetWorker() != "another" || rec.GetMatched() != 1 {
		t.Errorf("%v", rec)
	}
}

// A runner that cannot renew its lease lets go before another may take it, and
// goes on when NATS is back.
func TestLeaseThatCannotBeRenewed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, 20, tasks)
	r := h.runner(t, quick())
	testbed.Running(t, r.Run)
	id := h.begin(t, r, slow)
	h.reaches(t, id, "has made a delivery", func(rec *posthastev1.Replay) bool { return rec.GetMatched() == 1 })
	h.nats.Stop()
	testbed.Eventually(t, "the runner lets go of it", func() bool { return r.holds() == 0 })
	h.nats.Start(t)
	h.reaches(t, id, "goes on", func(rec *posthastev1.Replay) bool { return rec.GetMatched() == 2 })
	equal(t, h.delivered(t, id), numbered(1, 2))
}

// The server goes away in the middle, and the runners wait for it.
func TestServerThatRestarts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const events = 2000
	h.publish(t, events, tasks)
	r := h.runner(t, quick())
	testbed.Running(t, r.Run)
	id := h.begin(t, r)
	h.reaches(t, id, "moves", func(rec *posthastev1.Replay) bool { return rec.GetMatched() > 100 })
	h.nats.Restart(t)
	if rec := h.ends(t, id); rec.GetStatus() != done || rec.GetMatched() != events {
		t.Errorf("%v", rec)
	}
	once(t, h.delivered(t, id), numbered(1, events))
}
