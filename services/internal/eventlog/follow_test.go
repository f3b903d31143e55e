package eventlog

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/testbed"
)

// seen collects what a follower is handed.
type seen struct {
	mu   sync.Mutex
	list []uint64
}

func (s *seen) take(e Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, e.Sequence)
	return nil
}

func (s *seen) all() []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.list)
}

func (s *seen) awaits(t *testing.T, want []uint64) {
	t.Helper()
	testbed.Eventually(t, "the follower has all", func() bool { return len(s.all()) >= len(want) })
	if got := s.all(); !slices.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
}

func (h *house) follow(t *testing.T, r Range, handle func(Entry) error) (stop func()) {
	t.Helper()
	return testbed.Running(t, func(ctx context.Context) error { return h.log.Follow(ctx, r, handle) })
}

func TestFollowFromHistoryToLive(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var want []uint64
	publish := func(n int) {
		for range n {
			want = append(want, h.publish(t, "t", "task.done", `{"data":1}`))
			h.publish(t, "t", "thread.message", `{"data":1}`)
			h.publish(t, "other", "task.done", `{"data":1}`)
		}
	}
	publish(20)
	var got, late seen
	h.follow(t, Range{Tenant: "t", Types: []string{"task.*"}}, got.take)
	publish(100) // while history is read
	got.awaits(t, want)
	h.follow(t, Range{Tenant: "t", Types: []string{"task.*"}, After: want[len(want)-1]}, late.take)
	publish(1)
	got.awaits(t, want)
	late.awaits(t, want[len(want)-1:])
}

// Events that no ring announces, and rings of events that are stored already:
// none is lost, none comes twice.
func TestFollowIsExactUnderLoad(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var got seen
	h.follow(t, Range{Tenant: "t"}, got.take)
	const events = 3000
	h.fill(t, events, 10, func(int) (string, string) { return "t", "e" })
	want := make([]uint64, events)
	for i := range want {
		want[i] = uint64(i + 1)
	}
	got.awaits(t, want)
}

func TestFollowAcrossARestart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var got seen
	stop := h.follow(t, Range{Tenant: "t"}, got.take)
	var want []uint64
	for range 3 {
		for range 50 {
			want = append(want, h.publish(t, "t", "e", `{"data":1}`))
		}
		h.nats.Restart(t)
		testbed.Eventually(t, "the connection is back", h.bus.Connected)
		testbed.Eventually(t, "events are taken again", func() bool {
			_, _, err := h.log.Bounds(t.Context())
			return err == nil
		})
	}
	want = append(want, h.publish(t, "t", "e", `{"data":1}`))
	got.awaits(t, want)
	stop()
}

// A stream that was lost and made anew has other events at the old places.
func TestFollowEndsWhenTheStreamIsAnother(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(t, 10, 10, func(int) (string, string) { return "t", "e" })
	h.drop(t, 8)
	err := h.log.Follow(t.Context(), Range{Tenant: "t", After: 3}, func(Entry) error { return nil })
	if !errors.Is(err, ErrExpired) {
		t.Errorf("%v, want ErrExpired", err)
	}
	err = h.log.Follow(t.Context(), Range{Tenant: "t", After: 30}, func(Entry) error { return nil })
	if !errors.Is(err, ErrExpired) {
		t.Errorf("%v, want ErrExpired", err)
	}
}

func TestFollowEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(t, 10, 10, func(int) (string, string) { return "t", "e" })
	refusal := errors.New("enough")
	calls := 0
	err := h.log.Follow(t.Context(), Range{Tenant: "t"}, func(Entry) error {
		calls++
		if calls == 3 {
			return refusal
		}
		return nil
	})
	if err != refusal || calls != 3 { //nolint:errorlint // it is returned as it is
		t.Errorf("%v after %d calls", err, calls)
	}

	var through seen
	if err := h.log.Follow(t.Context(), Range{Tenant: "t", Through: 6}, through.take); err != nil || len(through.all()) != 6 {
		t.Errorf("through 6: %v, %v", through.all(), err)
	}
	times := h.stored(t)
	var until seen
	if err := h.log.Follow(t.Context(), Range{Tenant: "t", Until: times[6]}, until.take); err != nil || len(until.all()) != 5 {
		t.Errorf("until the sixth: %v, %v", until.all(), err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	calls = 0
	err = h.log.Follow(ctx, Range{Tenant: "t"}, func(Entry) error {
		calls++
		cancel()
		return nil
	})
	if err != nil || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

// A range up to a moment ends once the server's clock has passed it, though
// nothing comes after.
func TestFollowUntilAMoment(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	want := h.publish(t, "t", "e", `{"data":1}`)
	var got seen
	done := make(chan error, 1)
	go func() {
		done <- h.log.Follow(t.Context(), Range{Tenant: "t", Until: time.Now().Add(time.Second)}, got.take)
	}()
	got.awaits(t, []uint64{want})
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(testbed.Patience):
		t.Error("it does not end")
	}
}

func TestFollowLeavesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	before := h.bus.NC.NumSubscriptions()
	var got seen
	stop := h.follow(t, Range{Tenant: "t", Types: []string{"a", "b.*"}}, got.take)
	got.awaits(t, []uint64{h.publish(t, "t", "b.c", `{"data":1}`)})
	stop()
	if n := h.bus.NC.NumSubscriptions(); n != before {
		t.Errorf("%d subscriptions, %d before", n, before)
	}
	if got := h.consumers(t); len(got) != 1 {
		t.Errorf("consumers are left: %v", got)
	}
}
