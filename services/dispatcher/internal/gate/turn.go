package gate

import "time"

// queue is how long one more would wait for its turn. An endpoint that hangs
// does not show in the average before its first timeout; that nothing has moved
// for so long does.
func (g *Gate[J]) queue(now time.Time) time.Duration {
	queue := time.Duration(len(g.parked)+1) * g.latency / time.Duration(g.limit)
	if g.inFlight == 0 {
		return queue
	}
	return max(queue, now.Sub(g.moved))
}

// Later is when a delivery is to come back that a dispatcher has no place for
// although the endpoint would take it.
func (g *Gate[J]) Later(now time.Time, tries int) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.turn(now, now, min(tries, laterTries))
}

// laterTries bounds the wait for a place of the dispatcher's: 6.4 s.
const laterTries = 6

// turn gives each delivery that is sent away a time of its own, not before
// earliest, at the endpoint's pace, so that they don't all come back together.
//
// The plan is a guess, so it is bounded: by half a minute the first time, and
// by twice as much each further time. A delivery therefore comes back a handful
// of times however long the endpoint is away, and waits on after its recovery
// for about as long as it was away, at the most.
func (g *Gate[J]) turn(now, earliest time.Time, tries int) time.Time {
	next := later(g.nextTurn.Add(g.latency/time.Duration(g.limit)), earliest, now.Add(g.queue(now)))
	if last := later(now.Add(doubled(mostAway, tries)), earliest); next.After(last) {
		next = last // others' turns stay where they are
	} else {
		g.nextTurn = next
	}
	return later(next, now.Add(doubled(leastAway, tries)))
}

// earliest is when the gate may let somebody through again. The lock is held.
func (g *Gate[J]) earliest(now time.Time) time.Time {
	if g.circuit.open {
		return later(now, g.circuit.nextProbe)
	}
	return later(now, g.pausedUntil)
}

// doubled is d, doubled so many times, at most furthest.
func doubled(d time.Duration, times int) time.Duration {
	for range times {
		if d >= furthest {
			break
		}
		d *= 2
	}
	return min(d, furthest)
}

func later(first time.Time, others ...time.Time) time.Time {
	for _, t := range others {
		if t.After(first) {
			first = t
		}
	}
	return first
}
