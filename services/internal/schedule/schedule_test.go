package schedule_test

import (
	"math"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/posthaste/posthaste/services/internal/schedule"
)

// standard is the schedule of the dialect standard.
var standard = schedule.New([]time.Duration{10 * time.Second, 60 * time.Second, 300 * time.Second}, 0)

func TestAfter(t *testing.T) {
	t.Parallel()
	want := []time.Duration{10 * time.Second, 60 * time.Second, 300 * time.Second}
	for i, wait := range want {
		if got, more := standard.After(uint32(i + 1)); got != wait || !more {
			t.Errorf("after attempt %d: %s, %t, want %s", i+1, got, more, wait)
		}
	}
	for _, attempt := range []uint32{4, 5, math.MaxUint32} {
		if got, more := standard.After(attempt); got != 0 || more {
			t.Errorf("after attempt %d: %s, %t, want the end", attempt, got, more)
		}
	}
	if got, more := standard.After(0); got != want[0] || !more {
		t.Errorf("after no attempt: %s, %t, want the first wait", got, more)
	}
	if got := standard.MaxAttempts(); got != 4 {
		t.Errorf("%d attempts, want 4", got)
	}
}

// A backoff.BackOff is asked until it says Stop, and Reset returns to the
// attempts that were made before it.
func TestBackOff(t *testing.T) {
	t.Parallel()
	b := standard.BackOff(1)
	for round := range 2 {
		for i, want := range []time.Duration{60 * time.Second, 300 * time.Second, backoff.Stop, backoff.Stop} {
			if got := b.NextBackOff(); got != want {
				t.Errorf("round %d, wait %d: %s, want %s", round, i, got, want)
			}
		}
		b.Reset()
	}
}

func TestWalksShareNothing(t *testing.T) {
	t.Parallel()
	a, b := standard.BackOff(0), standard.BackOff(0)
	_ = a.NextBackOff()
	if got := b.NextBackOff(); got != 10*time.Second {
		t.Errorf("the second walk begins at %s", got)
	}
}

func TestJitter(t *testing.T) {
	t.Parallel()
	s := schedule.New([]time.Duration{time.Second}, 0.25)
	least, most := time.Hour, time.Duration(0)
	for range 2000 {
		wait, _ := s.After(1)
		least, most = min(least, wait), max(most, wait)
	}
	if least < time.Second || most > 1250*time.Millisecond {
		t.Errorf("waits from %s to %s, want within 1s and 1.25s", least, most)
	}
	if most-least < 200*time.Millisecond {
		t.Errorf("waits from %s to %s: hardly any jitter", least, most)
	}
}
