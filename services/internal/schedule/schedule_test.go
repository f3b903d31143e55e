package schedule_test

import (
	"math"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/posthaste/posthaste/services/internal/schedule"
	"github.com/posthaste/posthaste/services/internal/settings"
)

func TestAfter(t *testing.T) {
	t.Parallel()
	want := []time.Duration{10 * time.Second, 60 * time.Second, 300 * time.Second}
	for i, wait := range want {
		if got, more := schedule.Default.After(uint32(i + 1)); got != wait || !more {
			t.Errorf("after attempt %d: %s, %t, want %s", i+1, got, more, wait)
		}
	}
	for _, attempt := range []uint32{4, 5, math.MaxUint32} {
		if got, more := schedule.Default.After(attempt); got != 0 || more {
			t.Errorf("after attempt %d: %s, %t, want the end", attempt, got, more)
		}
	}
	if got, more := schedule.Default.After(0); got != want[0] || !more {
		t.Errorf("after no attempt: %s, %t, want the first wait", got, more)
	}
	if got := schedule.Default.MaxAttempts(); got != 4 {
		t.Errorf("%d attempts, want 4", got)
	}
}

// A backoff.BackOff is asked until it says Stop, and Reset returns to the
// attempts that were made before it.
func TestBackOff(t *testing.T) {
	t.Parallel()
	b := schedule.Default.BackOff(1)
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
	a, b := schedule.Default.BackOff(0), schedule.Default.BackOff(0)
	_ = a.NextBackOff()
	if got := b.NextBackOff(); got != 10*time.Second {
		t.Errorf("the second walk begins at %s", got)
	}
}

func TestWith(t *testing.T) {
	t.Parallel()
	standard := schedule.New([]time.Duration{time.Second}, 0.5)
	if diff := cmp.Diff([]time.Duration{time.Second}, standard.With(nil).Delays()); diff != "" {
		t.Error(diff)
	}
	own := standard.With([]time.Duration{100 * time.Millisecond, time.Minute})
	if own.MaxAttempts() != 3 {
		t.Errorf("%d attempts, want 3", own.MaxAttempts())
	}
	longer := false
	for range 100 {
		wait, _ := own.After(1)
		longer = longer || wait > 100*time.Millisecond
	}
	if !longer {
		t.Error("the jitter of the standard schedule is lost")
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

func TestConfigDefaults(t *testing.T) {
	t.Parallel()
	config := settings.Defaults[schedule.Config]()
	s, err := config.Schedule()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(schedule.Default.Delays(), s.Delays()); diff != "" {
		t.Errorf("the settings' default is not Default: %s", diff)
	}
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	const each = "retry-delays: each must be a duration such as 10s, more than 0 and at most 720h0m0s, not "
	for want, config := range map[string]schedule.Config{
		each + `"ten"`:  {RetryDelays: []string{"10s", "ten"}},
		each + `""`:     {RetryDelays: []string{""}},
		each + `"0s"`:   {RetryDelays: []string{"0s"}},
		each + `"-1s"`:  {RetryDelays: []string{"-1s"}},
		each + `"721h"`: {RetryDelays: []string{"721h"}},
		"retry-jitter: must lie between 0 and 1, is -0.1": {RetryJitter: -0.1},
		"retry-jitter: must lie between 0 and 1, is 1.1":  {RetryJitter: 1.1},
		"retry-jitter: must lie between 0 and 1, is NaN":  {RetryJitter: math.NaN()},
	} {
		if err := config.Validate(); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	once := schedule.Config{}
	if s, err := once.Schedule(); err != nil || s.MaxAttempts() != 1 {
		t.Errorf("no delays: %d attempts, %v, want 1", s.MaxAttempts(), err)
	}
}
