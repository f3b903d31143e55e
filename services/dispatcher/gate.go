package dispatcher

import (
	"context"
	"slices"
	"sync"
	"time"
)

// gate limits the POSTs to one endpoint at once, by how the endpoint fares:
// each success allows one more, each sign of strain halves. A delivery that
// finds it full waits only where its turn is a moment away. Else it goes to
// the delay line for about as long as the queue ahead of it will take, so that
// an endpoint that hangs holds its own few places and nobody else's.
type gate struct {
	highest int

	mu       sync.Mutex
	limit    int
	inFlight int
	waiting  []chan struct{} // closed when its owner has a place
	latency  time.Duration   // moving average of POSTs
	moved    time.Time       // when a place was last taken or given back
	nextTurn time.Time       // when the last delivery that was sent away has its turn
}

const (
	firstLimit = 4
	// firstLatency stands for that of an endpoint not yet heard of.
	firstLatency = 20 * time.Millisecond
	// patience is how long a turn may be away for a delivery to wait for it in
	// place. It costs a goroutine; the delay line costs three messages.
	patience = 50 * time.Millisecond
	// A delivery that is sent away comes back between these.
	leastAway = 100 * time.Millisecond
	mostAway  = time.Minute
)

func newGate(highest int) *gate {
	return &gate{highest: highest, limit: min(firstLimit, highest), latency: firstLatency}
}

// enter takes a place, waiting for it a moment at the most. Where it returns
// false, comeBack says when to try again.
func (g *gate) enter(ctx context.Context, now time.Time) (ok bool, comeBack time.Time) {
	g.mu.Lock()
	if g.inFlight < g.limit {
		g.inFlight++
		g.moved = now
		g.mu.Unlock()
		return true, time.Time{}
	}
	if g.queue(now) > patience {
		comeBack = g.turn(now)
		g.mu.Unlock()
		return false, comeBack
	}
	place := make(chan struct{})
	g.waiting = append(g.waiting, place)
	g.mu.Unlock()
	return g.await(ctx, place)
}

// await waits for the place twice as long as it was expected to take.
func (g *gate) await(ctx context.Context, place chan struct{}) (ok bool, comeBack time.Time) {
	timer := time.NewTimer(2 * patience)
	defer timer.Stop()
	select {
	case <-place:
		return true, time.Time{}
	case <-timer.C:
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.waiting, place)
	if i < 0 { // the place came at the same moment
		return true, time.Time{}
	}
	g.waiting = slices.Delete(g.waiting, i, i+1)
	return false, g.turn(time.Now())
}

// leave gives the place back. strain and success move the limit; an attempt
// that says nothing of the endpoint's strength, such as a 404, leaves it.
func (g *gate) leave(now time.Time, took time.Duration, success, strain bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight--
	g.moved = now
	g.latency += (took - g.latency) / 8
	switch {
	case strain:
		g.limit = max(1, g.limit/2)
	case success:
		g.limit = min(g.highest, g.limit+1)
	}
	g.handOn()
}

// decline gives the place back without having used it.
func (g *gate) decline(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight--
	g.moved = now
	g.handOn()
}

// handOn gives free places to those who wait. The lock is held.
func (g *gate) handOn() {
	for len(g.waiting) > 0 && g.inFlight < g.limit {
		close(g.waiting[0])
		g.waiting[0] = nil
		g.waiting = g.waiting[1:]
		g.inFlight++
	}
}

// queue is how long one more would wait for its turn. An endpoint that hangs
// does not show in the average before its first timeout; that nothing has moved
// for so long does.
func (g *gate) queue(now time.Time) time.Duration {
	return max(time.Duration(len(g.waiting)+1)*g.latency/time.Duration(g.limit), now.Sub(g.moved))
}

// turn gives each delivery that is sent away a time of its own, at the
// endpoint's pace, so that they don't all come back together.
func (g *gate) turn(now time.Time) time.Time {
	first := now.Add(max(leastAway, g.queue(now)))
	next := g.nextTurn.Add(g.latency / time.Duration(g.limit))
	if next.Before(first) {
		next = first
	}
	if last := now.Add(mostAway); next.After(last) {
		next = last
	}
	g.nextTurn = next
	return next
}
