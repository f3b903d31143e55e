// Package schedule says when the attempts of a delivery are made.
package schedule

import (
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// Schedule is a fixed list of waits between attempts. It is a value; many
// deliveries share one.
type Schedule struct {
	delays []time.Duration
	jitter float64
}

// New makes a schedule of the waits before the second attempt and those after
// it. jitter lengthens each by a random part of up to jitter times itself,
// 0 for none; it never shortens one. delays is kept, not copied.
func New(delays []time.Duration, jitter float64) Schedule {
	return Schedule{delays: delays, jitter: jitter}
}

// MaxAttempts counts the first attempt too.
func (s Schedule) MaxAttempts() int { return len(s.delays) + 1 }

// Delays are the waits without jitter. Not to be changed.
func (s Schedule) Delays() []time.Duration { return s.delays }

// After returns the wait that follows attempt (from 1), and false where no
// attempt is left.
func (s Schedule) After(attempt uint32) (time.Duration, bool) {
	wait := s.BackOff(max(attempt, 1) - 1).NextBackOff()
	return max(wait, 0), wait != backoff.Stop
}

// BackOff walks the schedule from the point where made attempts have failed
// before the one that has failed now. Reset returns to that point.
func (s Schedule) BackOff(made uint32) backoff.BackOff {
	return &steps{schedule: s, made: int(made), next: int(made)}
}

type steps struct {
	schedule   Schedule
	made, next int
}

func (b *steps) NextBackOff() time.Duration {
	if b.next >= len(b.schedule.delays) {
		return backoff.Stop
	}
	wait := b.schedule.delays[b.next]
	b.next++
	if b.schedule.jitter > 0 {
		wait += time.Duration(rand.Float64() * b.schedule.jitter * float64(wait))
	}
	return wait
}

func (b *steps) Reset() { b.next = b.made }
