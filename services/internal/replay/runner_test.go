package replay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

func TestReplayOfAll(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var want []string
	h.publish(t, 500, func(i int) (string, string) {
		switch i % 5 {
		case 0:
			return "presence.changed", ""
		case 1:
			return "task.done", "unwanted"
		}
		want = append(want, fmt.Sprint("e", i+1))
		return []string{"task.done", "thread.message"}[i%2], ""
	})
	r := h.runner(t, quick())
	testbed.Running(t, r.Run)
	id := h.begin(t, r)
	h.publish(t, 10, func(int) (string, string) { return "task.done", "unwanted" }) // repeats: dropped
	rec := h.ends(t, id)
	if rec.GetStatus() != done || rec.GetScanned() != 400 || rec.GetMatched() != 300 || rec.GetNextSequence() != 501 ||
		rec.GetWorker() != "" || rec.LeasedUntil != nil || rec.FinishedAt == nil || rec.UpdatedAt == nil || rec.GetError() != "" {
		t.Errorf("%v", rec)
	}
	equal(t, h.delivered(t, id), want)
}

func TestReplayIsNarrowed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, 100, func(i int) (string, string) { return []string{"task.done", "thread.message"}[i%2], "" })
	r := h.runner(t, quick())
	testbed.Running(t, r.Run)
	stored, err := r.deps.Events.Get(t.Context(), 41)
	if err != nil {
		t.Fatal(err)
	}
	middle := timestamppb.New(stored.Stored)
	for name, test := range map[string]struct {
		change func(*posthastev1.Replay)
		want   []string
	}{
		"types": {func(rec *posthastev1.Replay) { rec.EventTypes = []string{"thread.message"} }, every(numbered(1, 100), 1)},
		"since": {func(rec *posthastev1.Replay) { rec.Since = middle }, numbered(41, 100)},
		"until": {func(rec *posthastev1.Replay) { rec.Until = middle }, numbered(1, 40)},
		"both": {func(rec *posthastev1.Replay) {
			rec.Until, rec.EventTypes = middle, []string{"task.*"}
		}, every(numbered(1, 40), 0)},
		"places": {func(rec *posthastev1.Replay) { rec.FirstSequence, rec.LastSequence = 11, 20 }, numbered(11, 20)},
		"future": {func(rec *posthastev1.Replay) { rec.Since = timestamppb.New(time.Now().Add(time.Hour)) }, nil},
	} {
		id := h.begin(t, r, test.change)
		if rec := h.ends(t, id); rec.GetStatus() != done || int(rec.GetMatched()) != len(test.want) {
			t.Errorf("%s: %v", name, rec)
		}
		equal(t, h.delivered(t, id), test.want)
	}
}

// every is each second of the list, from offset on.
func every(list []string, offset int) []string {
	var kept []string
	for i := offset; i < len(list); i += 2 {
		kept = append(kept, list[i])
	}
	return kept
}

// outcomesOf gives each event in turn one of the outcomes; "" is no record.
func (h *house) outcomesOf(t *testing.T, r *Runner, outcomes ...string) {
	t.Helper()
	_, last, err := r.deps.Events.Bounds(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for sequence := uint64(1); sequence <= last; sequence++ {
		entry, err := r.deps.Events.Get(t.Context(), sequence)
		if err != nil {
			t.Fatal(err)
		}
		if outcome := outcomes[int(sequence-1)%len(outcomes)]; outcome != "" {
			h.outcomes[delivery.ID(entry.Event, subID)] = outcome
		}
	}
}

func TestReplayOfWhatFailedOrWasMissed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, 40, tasks)
	r := h.runner(t, quick())
	h.outcomesOf(t, r, "delivered", "failed", "cancelled", "")
	from, err := r.deps.Events.Get(t.Context(), 21)
	if err != nil {
		t.Fatal(err)
	}
	h.change(func(sub *posthastev1.Subscription) bool {
		sub.DisabledPeriods = []*posthastev1.DisabledPeriod{{From: timestamppb.New(from.Stored), Until: timestamppb.New(time.Now().Add(time.Hour))}}
		return true
	})
	testbed.Running(t, r.Run)
	for only, holds := range map[string]func(i int) bool{
		"failed":        func(i int) bool { return i%4 == 2 },
		"missed":        func(i int) bool { return i%4 == 3 || i%4 == 0 && i >= 21 },
		"failed,missed": func(i int) bool { return i%4 == 2 || i%4 == 3 || i%4 == 0 && i >= 21 },
	} {
		h.mu.Lock()
		h.troubles = []error{errors.New("the database is away")}
		h.mu.Unlock()
		id := h.begin(t, r, func(rec *posthastev1.Replay) { rec.Only = strings.Split(only, ",") })
		var want []string
		for i := 1; i <= 40; i++ {
			if holds(i) {
				want = append(want, fmt.Sprint("e", i))
			}
		}
		if rec := h.ends(t, id); rec.GetStatus() != done || rec.GetScanned() != 40 {
			t.Errorf("%s: %v", only, rec)
		}
		equal(t, h.delivered(t, id), want)
	}
}

func TestTraceContextIsCarriedOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	header := nats.Header{"traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}, "tracestate": {"a=b"}, "other": {"x"}}
	if _, err := h.bus.JS.PublishMsg(t.Context(), &nats.Msg{Subject: "events.t.task.done", Header: header, Data: []byte(`{"id":"e1","data":1}`)}); err != nil {
		t.Fatal(err)
	}
	r := h.runner(t, quick())
	testbed.Running(t, r.Run)
	h.ends(t, h.begin(t, r))
	msgs := h.stored(t)
	if len(msgs) != 1 {
		t.Fatalf("%d deliveries", len(msgs))
	}
	got := msgs[0].Header
	if got["traceparent"][0] != header["traceparent"][0] || got["tracestate"][0] != "a=b" || got["other"] != nil {
		t.Errorf("%v", got)
	}
}

func slow(rec *posthastev1.Replay) { rec.Rate = 0.001 } // the first at once, the next after a quarter of an hour

func TestCancelInTheMiddle(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, 20, tasks)
	r := h.runner(t, quick())
	testbed.Running(t, r.Run)
	id := h.begin(t, r, slow)
	h.reaches(t, id, "has made a delivery", func(rec *posthastev1.Replay) bool { return rec.GetMatched() == 1 })
	if rec := h.get(t, id); rec.GetNextSequence() != 2 || rec.GetScanned() != 1 {
		t.Errorf("in the middle: %v", rec)
	}
	_, err := h.store.Update(t.Context(), "t", id, func(rec *posthastev1.Replay) (bool, error) {
		rec.Status = cancelled
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	testbed.Eventually(t, "the runner lets go of it", func() bool { return r.holds() == 0 })
	if rec := h.get(t, id); rec.GetStatus() != cancelled || rec.GetMatched() != 1 {
		t.Errorf("%v", rec)
	}
	equal(t, h.delivered(t, id), numbered(1, 1))
}

// holds is how many replays the runner has in hand.
func (r *Runner) holds() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.inHand)
}

func TestSlowReplaysHoldUpNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, 200, tasks)
	cfg := quick()
	cfg.Concurrency = 1
	r := h.runner(t, cfg)
	testbed.Running(t, r.Run)
	var waiting []string
	for range 3 {
		waiting = append(waiting, h.begin(t, r, slow))
	}
	for _, id := range waiting {
		h.reaches(t, id, "has made a delivery", func(rec *posthastev1.Replay) bool { return rec.GetMatched() == 1 })
	}
	id := h.begin(t, r)
	h.ends(t, id)
	equal(t, h.delivered(t, id), numbered(1, 200))
	for _, id := range waiting {
		if rec := h.get(t, id); rec.GetStatus() != running || rec.GetMatched() != 1 {
			t.Errorf("%v", rec)
		}
	}
}

func TestSubscriptionThatCannotTakeIt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*posthastev1.Subscription) bool
		want   string
	}{
		"removed": {func(*posthastev1.Subscription) bool { return false }, "subscription was removed"},
		"disabled": {func(sub *posthastev1.Subscription) bool {
			sub.Status, sub.DisabledReason = posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_DISABLED, "gone"
			return true
		}, "disabled (gone); enable it, then make a new replay from sequence 51 on"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.publish(t, 200, tasks)
			r := h.runner(t, quick())
			batches := 0
			r.publisher = publish(func(ctx context.Context, msgs []bus.Msg) error {
				if batches++; batches == 1 {
					h.change(test.change)
				}
				return r.deps.Bus.NewPublisher(512, publishBytes).Publish(ctx, msgs)
			})
			testbed.Running(t, r.Run)
			id := h.begin(t, r)
			rec := h.ends(t, id)
			if rec.GetStatus() != failed || !strings.Contains(rec.GetError(), test.want) || rec.FinishedAt == nil || rec.GetWorker() != "" {
				t.Errorf("%v", rec)
			}
			equal(t, h.delivered(t, id), numbered(1, 50))
		})
	}
}

// publish is a publisher.
type publish func(ctx context.Context, msgs []bus.Msg) error

func (p publish) PublishAcked(ctx context.Context, msgs []bus.Msg, _ []bus.Ack) error {
	return p(ctx, msgs)
}

func TestReplayThatAsksForTheImpossible(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, 5, tasks)
	r := h.runner(t, quick())
	testbed.Running(t, r.Run)
	rec := h.ends(t, h.begin(t, r, func(rec *posthastev1.Replay) { rec.Only = []string{"lost"} }))
	if rec.GetStatus() != failed || !strings.HasPrefix(rec.GetError(), "only: ") {
		t.Errorf("%v", rec)
	}
}

func TestDeliveryThatIsTooLarge(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, 5, tasks)
	r := h.runner(t, quick())
	r.publisher = publish(func(context.Context, []bus.Msg) error { return fmt.Errorf("publish: %w", bus.ErrTooLarge) })
	testbed.Running(t, r.Run)
	if rec := h.ends(t, h.begin(t, r)); rec.GetStatus() != failed || !strings.Contains(rec.GetError(), "larger than NATS takes") {
		t.Errorf("%v", rec)
	}
}

// While the lane due is full a replay adds a batch at the most, and it goes on
// when there is room.
func TestReplayWaitsForRoom(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, 400, tasks)
	cfg := quick()
	cfg.MaxPending = 100
	r := h.runner(t, cfg)
	testbed.Running(t, r.Run)
	id := h.begin(t, r)
	seen := map[string]int{}
	for len(seen) < 400 {
		testbed.Eventually(t, "the replay goes on", func() bool { return h.deliveries(t) > 0 })
		msgs := h.stored(t)
		if len(msgs) > cfg.MaxPending+cfg.Batch {
			t.Fatalf("%d deliveries wait, at most %d may", len(msgs), cfg.MaxPending+cfg.Batch)
		}
		for _, msg := range msgs {
			seen[msg.Header.Get(jetstream.MsgIDHeader)]++
		}
		h.purge(t, bus.StreamDeliveries, msgs[len(msgs)-1].Sequence+1)
	}
	if rec := h.ends(t, id); rec.GetStatus() != done || rec.GetMatched() != 400 {
		t.Errorf("%v", rec)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s came %d times", id, n)
		}
	}
}

// purge drops what is stored before the sequence.
func (h *house) purge(t *testing.T, name string, before uint64) {
	t.Helper()
	stream, err := h.bus.JS.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Purge(t.Context(), jetstream.WithPurgeSequence(before)); err != nil {
		t.Fatal(err)
	}
}

func TestEventsThatExpireBeforeTheirTurn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, 100, tasks)
	r := h.runner(t, quick())
	from := func(first, last uint64) string {
		return h.begin(t, r, func(rec *posthastev1.Replay) { rec.FirstSequence, rec.LastSequence = first, last })
	}
	some, none := from(11, 100), from(11, 20)
	h.purge(t, bus.StreamEvents, 31)
	testbed.Running(t, r.Run)
	if rec := h.ends(t, some); rec.GetStatus() != done || rec.GetScanned() != 70 {
		t.Errorf("%v", rec)
	}
	equal(t, h.delivered(t, some), numbered(31, 100))
	if rec := h.ends(t, none); rec.GetStatus() != done || rec.GetNextSequence() != 21 || rec.GetMatched() != 0 {
		t.Errorf("%v", rec)
	}
	if !strings.Contains(h.log.String(), "have expired") {
		t.Error("nobody is told")
	}
}

func TestEventsOfAnotherStream(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, 10, tasks)
	r := h.runner(t, quick())
	testbed.Running(t, r.Run)
	for _, next := range []uint64{1, 11, 50} {
		rec := &posthastev1.Replay{Id: NewID(time.Now()), Tenant: "t", SubscriptionId: subID, Status: running, NextSequence: next, LastSequence: 90}
		if err := h.store.Create(t.Context(), rec); err != nil {
			t.Fatal(err)
		}
		if rec := h.ends(t, rec.GetId()); rec.GetStatus() != failed || !strings.Contains(rec.GetError(), "made anew") {
			t.Errorf("%v", rec)
		}
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, 300, func(i int) (string, string) { return "task.done", []string{"", "", "unwanted"}[i%3] })
	r := h.runner(t, quick())
	h.outcomesOf(t, r, "failed", "delivered")
	h.change(func(sub *posthastev1.Subscription) bool {
		sub.Status = posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_DISABLED
		return true
	})
	rec := &posthastev1.Replay{Id: NewID(time.Now()), Tenant: "t", SubscriptionId: subID}
	if err := r.Span(t.Context(), rec); err != nil {
		t.Fatal(err)
	}
	if got, err := r.Count(t.Context(), rec, 0); err != nil || got != (Count{Events: 200, Scanned: 300, Complete: true}) {
		t.Errorf("all: %+v, %v", got, err)
	}
	if rec.GetNextSequence() != 1 {
		t.Errorf("the record has changed: %v", rec)
	}
	rec.Only = []string{OnlyFailed}
	if got, err := r.Count(t.Context(), rec, time.Hour); err != nil || got != (Count{Events: 100, Scanned: 300, Complete: true}) {
		t.Errorf("failed: %+v, %v", got, err)
	}
	if got, err := r.Count(t.Context(), rec, time.Nanosecond); err != nil || got.Complete {
		t.Errorf("in no time: %+v, %v", got, err)
	}
	if h.deliveries(t) != 0 {
		t.Error("a dry run delivers")
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Count(ctx, rec, 0); err == nil {
		t.Error("counts for nobody")
	}
	rec.Rate = -1
	if _, err := r.Count(t.Context(), rec, 0); err == nil || !strings.HasPrefix(err.Error(), "rate: ") {
		t.Errorf("%v", err)
	}
	rec.Rate, rec.SubscriptionId = 0, "evsub_2"
	if _, err := r.Count(t.Context(), rec, 0); err == nil || !strings.Contains(err.Error(), "removed") {
		t.Errorf("%v", err)
	}
}

func TestSpanOfAnEmptyStream(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.runner(t, quick())
	testbed.Running(t, r.Run)
	if rec := h.ends(t, h.begin(t, r)); rec.GetStatus() != done || rec.GetScanned() != 0 {
		t.Errorf("%v", rec)
	}
	if n := h.deliveries(t); n != 0 {
		t.Errorf("%d deliveries of nothing", n)
	}
}
