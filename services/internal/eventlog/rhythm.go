package eventlog

import (
	"time"

	"github.com/cenkalti/backoff/v4"
)

// lookEvery is how often a follower looks that nothing has woken. Events that
// come from another stream or account ring no bell.
const lookEvery = 5 * time.Second

// looks are the waits after a ring whose event was not in the stream yet. The
// bell rings when a server takes a message; the stream stores it a moment later,
// or drops it as a repeat.
var looks = [...]time.Duration{time.Millisecond, 5 * time.Millisecond, 25 * time.Millisecond, 250 * time.Millisecond}

// doubt is how long after the bell was hung up an event may be stored that did
// not ring it: it had passed the server just before.
const doubt = 300 * time.Millisecond

// rhythm says when to look next.
type rhythm struct {
	failing backoff.BackOff
	owed    int // messages that were announced and not seen
	look    int // of looks
	// unsure says that rings may have been missed up to now, and until is when
	// the doubt of that ends.
	unsure bool
	until  time.Time
}

// next is how long to wait after a look that found seen messages. The bell had
// rung that often before it.
func (r *rhythm) next(now time.Time, rung, seen int, err error) time.Duration {
	if err != nil {
		r.unsure = true
		return r.failing.NextBackOff()
	}
	r.failing.Reset()
	if r.unsure {
		r.unsure, r.until, r.look = false, now.Add(doubt), 0
	}
	if rung > 0 {
		r.look = 0
	}
	r.owed = max(0, r.owed+rung-seen)
	if r.look == len(looks) || r.owed == 0 && !now.Before(r.until) {
		r.owed = 0
		return lookEvery
	}
	r.look++
	return looks[r.look-1]
}
