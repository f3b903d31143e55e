// Package ratelimit holds a subscription to its rate, over all dispatchers.
//
// Redis counts. A dispatcher takes leave for a few deliveries at a time, so that
// a trip to Redis is made for each of these few and not for each delivery.
package ratelimit

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// Rate is so many deliveries in so much time.
type Rate struct {
	Deliveries int
	Per        time.Duration
}

// None is no limit.
var None Rate

// Of reads the rate of a subscription; nil is None.
func Of(pb *posthastev1.RateLimit) Rate {
	r := Rate{int(pb.GetDeliveries()), pb.GetPer().AsDuration()}
	if r.Deliveries < 1 || r.Per <= 0 {
		return None
	}
	return r
}

// Every is the time from one delivery to the next.
func (r Rate) Every() time.Duration { return max(1, r.Per/time.Duration(r.Deliveries)) }

// Burst is how many may go at once: a tenth of a second's, at least one. So no
// span of time sees more than its rate and this.
func (r Rate) Burst() int { return max(1, int(burstTime/r.Every())) }

const burstTime = 100 * time.Millisecond

// Ask takes leave for up to n deliveries of Redis. granted is how many may go,
// and where it is none, retry is when to ask again. ok is false while Redis is
// away.
type Ask func(ctx context.Context, n int) (granted int, retry time.Duration, ok bool)

// Limiter holds the leave that a dispatcher has of one subscription. Safe for
// concurrent use.
type Limiter struct {
	rate Rate
	// local stands in while Redis is away: then each dispatcher has the whole
	// rate.
	local *rate.Limiter
	// asking lets one ask at a time.
	asking chan struct{}

	mu       sync.Mutex
	leave    int
	taken    time.Time // when leave was taken
	dryUntil time.Time
	nextTurn time.Time
}

// New makes a limiter without leave.
func New(r Rate) *Limiter {
	return &Limiter{
		rate: r, asking: make(chan struct{}, 1),
		local: rate.NewLimiter(rate.Every(r.Every()), r.Burst()),
	}
}

// Rate is what it holds to.
func (l *Limiter) Rate() Rate { return l.rate }

const (
	// keepLeave is how long leave may lie unused: later it would come on top of
	// what Redis has given to others since.
	keepLeave = time.Second
	// queueFor is how long to wait for the answer that another asked for.
	queueFor = 20 * time.Millisecond
	// furthest is the last turn that is given.
	furthest = time.Hour
)

// Take says whether a delivery may go now, and if not, when to ask again. tries
// is how often it has been put off: those who come for the first time stand
// behind those who were given a turn.
func (l *Limiter) Take(ctx context.Context, now time.Time, tries int, ask Ask) (ok bool, comeBack time.Time) {
	if ok, comeBack, decided := l.take(now, tries); decided {
		return ok, comeBack
	}
	timer := time.NewTimer(queueFor)
	defer timer.Stop()
	select {
	case l.asking <- struct{}{}:
		defer func() { <-l.asking }()
	case <-timer.C:
		return false, l.turn(now)
	case <-ctx.Done():
		return false, l.turn(now)
	}
	if ok, comeBack, decided := l.take(now, tries); decided {
		return ok, comeBack
	}
	granted, retry, known := ask(ctx, l.rate.Burst())
	if !known {
		if l.local.AllowN(now, 1) {
			return true, time.Time{}
		}
		return false, l.turn(now)
	}
	l.fill(now, granted, retry)
	ok, comeBack, _ = l.take(now, tries)
	return ok, comeBack
}

// take decides from what is known here; decided is false where Redis must be
// asked.
func (l *Limiter) take(now time.Time, tries int) (ok bool, comeBack time.Time, decided bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case tries == 0 && now.Before(l.nextTurn):
		return false, l.turnLocked(now), true
	case l.leave > 0 && now.Sub(l.taken) < keepLeave:
		l.leave--
		return true, time.Time{}, true
	case now.Before(l.dryUntil):
		return false, l.turnLocked(now), true
	default:
		return false, time.Time{}, false
	}
}

func (l *Limiter) fill(now time.Time, granted int, retry time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leave, l.taken = granted, now
	if granted == 0 {
		l.dryUntil = now.Add(max(retry, time.Millisecond))
	}
}

// Return gives leave back that was not used.
func (l *Limiter) Return() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leave++
}

// turn gives each who is sent away a time of its own, at the rate.
func (l *Limiter) turn(now time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.turnLocked(now)
}

func (l *Limiter) turnLocked(now time.Time) time.Time {
	next := l.nextTurn.Add(l.rate.Every())
	if first := now.Add(l.rate.Every()); next.Before(first) {
		next = first
	}
	if next.Before(l.dryUntil) {
		next = l.dryUntil
	}
	if last := now.Add(furthest); next.After(last) {
		return last
	}
	l.nextTurn = next
	return next
}
