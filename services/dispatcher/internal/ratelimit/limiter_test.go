package ratelimit

import (
	"context"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// shop is a Redis that grants what is left.
type shop struct {
	left, asked int
	retry       time.Duration
	away        bool
}

func (s *shop) ask(_ context.Context, n int) (granted int, retry time.Duration, ok bool) {
	if s.away {
		return 0, 0, false
	}
	s.asked++
	granted = min(n, s.left)
	s.left -= granted
	return granted, s.retry, true
}

func TestOf(t *testing.T) {
	t.Parallel()
	if got := Of(nil); got != None {
		t.Errorf("no rate is %v", got)
	}
	got := Of(&posthastev1.RateLimit{Deliveries: 90, Per: durationpb.New(time.Minute)})
	if got != (Rate{90, time.Minute}) || got.Every() != time.Minute/90 || got.Burst() != 1 {
		t.Errorf("%v, every %s, %d at once", got, got.Every(), got.Burst())
	}
	if fast := (Rate{500, time.Second}); fast.Burst() != 50 {
		t.Errorf("%d at once, want a tenth of a second's", fast.Burst())
	}
}

// One trip to Redis serves a tenth of a second.
func TestTakesAFewAtATime(t *testing.T) {
	t.Parallel()
	s := &shop{left: 100}
	l := New(Rate{500, time.Second})
	for i := range 100 {
		if ok, _ := l.Take(t.Context(), start, 0, s.ask); !ok {
			t.Fatalf("%d has no leave", i)
		}
	}
	if s.asked != 2 {
		t.Errorf("asked %d times for twice fifty", s.asked)
	}
}

// Who is sent away has a turn at the rate, and who comes later stands behind.
func TestTurns(t *testing.T) {
	t.Parallel()
	s := &shop{left: 1, retry: 100 * time.Millisecond}
	l := New(Rate{10, time.Second})
	if ok, _ := l.Take(t.Context(), start, 0, s.ask); !ok {
		t.Fatal("the first has no leave")
	}
	for i := range 20 {
		ok, at := l.Take(t.Context(), start, 0, s.ask)
		if want := start.Add(time.Duration(i+1) * 100 * time.Millisecond); ok || !at.Equal(want) {
			t.Fatalf("%d: leave %v, turn after %s, want %s", i, ok, at.Sub(start), want.Sub(start))
		}
	}
	s.left = 1
	now := start.Add(100 * time.Millisecond)
	if ok, at := l.Take(t.Context(), now, 0, s.ask); ok || at.Before(start.Add(2*time.Second)) {
		t.Errorf("a newcomer has leave: %v, or a turn after %s", ok, at.Sub(start))
	}
	if ok, _ := l.Take(t.Context(), now, 1, s.ask); !ok {
		t.Error("no leave for one whose turn it is")
	}
	if s.asked != 3 {
		t.Errorf("asked %d times", s.asked)
	}
}

// Leave that lay about for long is not used: others have had it since.
func TestLeaveGrowsOld(t *testing.T) {
	t.Parallel()
	s := &shop{left: 100}
	l := New(Rate{500, time.Second})
	l.Take(t.Context(), start, 0, s.ask)
	l.Take(t.Context(), start.Add(keepLeave), 0, s.ask)
	if s.asked != 2 {
		t.Errorf("asked %d times", s.asked)
	}
	s.left = 0
	l.fill(start, 0, time.Second)
	l.Return()
	if ok, _ := l.Take(t.Context(), start, 0, s.ask); !ok {
		t.Error("what was given back is gone")
	}
}

// Without Redis the rate holds in each dispatcher.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	s := &shop{away: true}
	l := New(Rate{10, time.Second})
	went := 0
	for ms := 0; ms < 5000; ms += 10 {
		if ok, _ := l.Take(t.Context(), start.Add(time.Duration(ms)*time.Millisecond), 1, s.ask); ok {
			went++
		}
	}
	if went < 49 || went > 51 {
		t.Errorf("%d went in five seconds at ten a second", went)
	}
}

// While one asks, others wait a moment and are sent away.
func TestOneAsks(t *testing.T) {
	t.Parallel()
	l := New(Rate{10, time.Second})
	l.asking <- struct{}{}
	if ok, at := l.Take(t.Context(), start, 0, (&shop{left: 1}).ask); ok || !at.After(start) {
		t.Errorf("leave %v, turn after %s", ok, at.Sub(start))
	}
}
