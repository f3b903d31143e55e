// Package delay is the delay line: the one place where a delivery waits.
//
// The DELAYS stream has fixed tiers. All messages of a tier wait equally long,
// so the oldest is always the next due, and only the head of a tier is held
// back with JetStream's delayed redelivery (NakWithDelay). What is due goes to
// the lane "due" of DELIVERIES. The delay line never POSTs, so no slow
// endpoint can hold it.
package delay

import (
	"fmt"
	"time"
)

// Tier is one waiting time.
type Tier struct {
	Wait time.Duration
	// Name is the tier's token in subjects and its consumer's name.
	Name string
	// window is the consumer's MaxAckPending: how much of the tier's head is
	// held.
	window int
	// kept says that movers keep the head in memory rather than nak it.
	kept bool
}

// Tiers are all there are, shortest first.
var Tiers = tiers(
	100*time.Millisecond, 200*time.Millisecond, 500*time.Millisecond,
	1*time.Second, 2*time.Second, 5*time.Second, 10*time.Second, 30*time.Second, 60*time.Second,
	90*time.Second, 300*time.Second, 900*time.Second, 1800*time.Second, 3600*time.Second,
)

const (
	// A wait of up to longestKept is shorter than a mover's AckWait, so the head
	// need not be naked: the mover keeps it. A nak would be too slow there. Every
	// delayed nak pushes the server's one redelivery timer back by 10 ms, so from
	// 100 a second on the timer fires only when a full window has stopped them.
	longestKept = 2 * time.Second
	keptWindow  = 2048
	// nakedWindow is full at 100 a second in half of the shortest wait that is
	// naked, or a few times that.
	nakedWindow = 250
)

func tiers(waits ...time.Duration) []Tier {
	all := make([]Tier, len(waits))
	for i, wait := range waits {
		name := fmt.Sprintf("%ds", wait/time.Second)
		if wait < time.Second {
			name = fmt.Sprintf("%dms", wait/time.Millisecond)
		}
		all[i] = Tier{Wait: wait, Name: name, window: nakedWindow}
		if wait <= longestKept {
			all[i].window, all[i].kept = keptWindow, true
		}
	}
	return all
}

// slack is how far a wait may miss a tier and still take it: the moment
// between deciding on a time and arriving here is no reason for a detour.
const slack = 25 * time.Millisecond

// Pick returns the largest tier that fits the wait; the rest is waited for
// afterwards. ok is false for a wait so short that it needs no tier. A wait
// below the shortest tier is rounded up to it.
func Pick(wait time.Duration) (tier Tier, ok bool) {
	if wait <= slack {
		return Tier{}, false
	}
	tier = Tiers[0]
	for _, t := range Tiers[1:] {
		if t.Wait > wait+slack {
			break
		}
		tier = t
	}
	return tier, true
}
