package eventlog

import (
	"errors"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// turn is one look of a follower.
type turn struct {
	after      time.Duration // since the one before
	rung, seen int
	err        error
	want       time.Duration
}

func play(t *testing.T, r *rhythm, turns []turn) {
	t.Helper()
	r.failing = backoff.NewConstantBackOff(time.Minute)
	now := time.UnixMilli(1_800_000_000_000)
	for i, step := range turns {
		now = now.Add(step.after)
		if got := r.next(now, step.rung, step.seen, step.err); got != step.want {
			t.Errorf("turn %d: %s, want %s", i, got, step.want)
		}
	}
}

func TestRhythmOfWhatIsAnnounced(t *testing.T) {
	t.Parallel()
	play(t, &rhythm{}, []turn{
		{want: lookEvery},
		{seen: 200, want: lookEvery},        // history owes nothing
		{rung: 1, seen: 1, want: lookEvery}, // announced and seen
		{rung: 2, seen: 1, want: looks[0]},  // one is on its way into the stream
		{seen: 1, want: lookEvery},          // there it is
		{rung: 1, want: looks[0]},           // a repeat, which the stream drops
		{want: looks[1]},
		{want: looks[2]},
		{rung: 1, want: looks[0]}, // another one
		{want: looks[1]},
		{want: looks[2]},
		{want: looks[3]},
		{want: lookEvery},         // it will not come
		{rung: 1, want: looks[0]}, // what was given up is not owed any more
		{seen: 1, want: lookEvery},
	})
}

func TestRhythmOfDoubt(t *testing.T) {
	t.Parallel()
	play(t, &rhythm{unsure: true}, []turn{
		{seen: 100, want: looks[0]},
		{after: looks[0], rung: 1, seen: 1, want: looks[0]}, // that one may not be the one that did not ring
		{after: looks[0], want: looks[1]},
		{after: doubt, want: lookEvery},
		{err: errors.New("NATS is away"), want: time.Minute},
		{after: time.Minute, want: looks[0]},
		{after: looks[0], want: looks[1]},
		{after: looks[1], want: looks[2]},
		{after: looks[2], want: looks[3]},
		{after: looks[3], want: lookEvery},
	})
}
