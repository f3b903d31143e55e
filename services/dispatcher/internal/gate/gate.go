package gate

import (
	"sync"
	"time"
)

// Gate is that of one endpoint. J is what waits in it. Safe for concurrent use.
type Gate[J any] struct {
	cfg Config

	mu       sync.Mutex
	limit    int
	inFlight int
	parked   []parked[J] // first come, first served
	// proven says that the last thing heard of the endpoint's strength was good.
	proven  bool
	latency time.Duration // moving average of POSTs
	moved   time.Time     // when a POST last ended, or the first began
	// nextTurn is when the last delivery that was sent away has its turn.
	nextTurn time.Time
	// pausedUntil is when the endpoint wants the next POST (Retry-After).
	pausedUntil time.Time
	circuit     circuit
}

type parked[J any] struct {
	job   J
	tries int
	until time.Time
}

// New makes the gate of an endpoint not yet heard of.
func New[J any](cfg Config) *Gate[J] {
	return &Gate[J]{cfg: cfg, limit: min(firstLimit, cfg.Concurrency), latency: firstLatency}
}

// Admission is what a gate says to a delivery.
type Admission int

// The admissions.
const (
	// Go: it has a place. Leave or Decline gives it back.
	Go Admission = iota + 1
	// Wait: the gate keeps it, and Leave, Decline, Overdue or Clear return it.
	Wait
	// Away: it comes back later.
	Away
)

// Enter asks for a place. tries is how often the delivery has been sent away
// since its last attempt. With Away, comeBack says when to ask again.
func (g *Gate[J]) Enter(now time.Time, job J, tries int) (a Admission, comeBack time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.circuit.open {
		return g.enterOpen(now, tries)
	}
	if now.Before(g.pausedUntil) {
		return Away, g.turn(now, g.pausedUntil, tries)
	}
	if g.inFlight < g.allowed(now) && len(g.parked) == 0 {
		g.take(now)
		return Go, time.Time{}
	}
	if g.mayWait(now, tries) {
		g.parked = append(g.parked, parked[J]{job, tries, now.Add(2 * patience)})
		return Wait, time.Time{}
	}
	return Away, g.turn(now, now, tries)
}

// mayWait says whether there is room to wait in. While others have a turn, those
// who come for the first time have half of it, so that who comes in its turn
// finds some. The lock is held.
func (g *Gate[J]) mayWait(now time.Time, tries int) bool {
	most, longest := mostParked, patience
	if tries == 0 && now.Before(g.nextTurn) {
		most, longest = most/2, longest/2
	}
	return len(g.parked) < most && g.queue(now) <= longest
}

// Await says whether one should wait for room in the gate rather than be sent
// away: there is none at this moment, but the endpoint takes a thousand a second
// or more, so that there will be sooner than the delay line could be asked.
func (g *Gate[J]) Await(now time.Time, tries int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.quick(now) && (g.inFlight >= g.limit || len(g.parked) > 0) && !g.mayWait(now, tries)
}

// quick says whether the endpoint takes a thousand a second or more at this
// moment. The lock is held.
func (g *Gate[J]) quick(now time.Time) bool {
	return g.proven && !g.circuit.open && !now.Before(g.pausedUntil) && !g.stalled(now) &&
		g.latency <= time.Duration(g.limit)*time.Millisecond
}

// take takes a place. The lock is held.
func (g *Gate[J]) take(now time.Time) {
	if g.inFlight == 0 {
		g.moved = now
	}
	g.inFlight++
}

// allowed is the limit as it is now. An endpoint that has stopped answering
// does not fail before its first timeout; that nothing has moved for many times
// as long as usual says so much sooner.
func (g *Gate[J]) allowed(now time.Time) int {
	if g.stalled(now) {
		return 1
	}
	return g.limit
}

func (g *Gate[J]) stalled(now time.Time) bool {
	return g.inFlight > 0 && now.Sub(g.moved) > max(leastStall, 8*g.latency)
}

// leastStall is the least time without an answer that says anything.
const leastStall = 250 * time.Millisecond

// Result is what a POST says of the endpoint's strength.
type Result struct {
	Took    time.Duration
	Success bool // 2xx
	// Strain: a timeout, a connection error, 429 or 5xx.
	Strain bool
	// Pause is for how long the endpoint wants no POST (Retry-After).
	Pause time.Duration
}

// Leave gives a place back and returns those who have a place now instead.
// Each success allows one more at once, each sign of strain half as many; what
// says nothing of the endpoint's strength, such as a 404, leaves the limit.
func (g *Gate[J]) Leave(now time.Time, r Result) []J {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight--
	g.moved = now
	g.latency += (r.Took - g.latency) / 8
	if r.Pause > 0 && now.Add(r.Pause).After(g.pausedUntil) {
		g.pausedUntil = now.Add(r.Pause)
	}
	if r.Strain {
		g.proven = false
		g.limit = max(1, g.limit/2)
		g.circuit.failed(now, g.cfg)
		return g.handOn(now)
	}
	g.proven = g.proven || r.Success
	if g.circuit.answered(now) {
		g.limit = 1
		g.nextTurn = time.Time{} // the turns that were promised were guesses
	}
	if r.Success {
		g.limit = min(g.cfg.Concurrency, g.limit+1)
	}
	g.limit = min(g.limit, g.circuit.ramp(now))
	return g.handOn(now)
}

// Decline gives a place back that was not used.
func (g *Gate[J]) Decline(now time.Time) []J {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight--
	g.circuit.declined()
	return g.handOn(now)
}

// handOn gives free places to those who wait. The lock is held.
func (g *Gate[J]) handOn(now time.Time) []J {
	if len(g.parked) == 0 || g.circuit.open || now.Before(g.pausedUntil) {
		return nil // Overdue sends them away
	}
	n := min(len(g.parked), g.limit-g.inFlight)
	if n <= 0 {
		return nil
	}
	next := make([]J, n)
	for i := range next {
		g.take(now)
		next[i] = g.parked[i].job
	}
	g.drop(n)
	return next
}

// drop forgets the first n who wait.
func (g *Gate[J]) drop(n int) {
	rest := copy(g.parked, g.parked[n:])
	clear(g.parked[rest:])
	g.parked = g.parked[:rest]
}

// Sent is a delivery that waited in vain.
type Sent[J any] struct {
	Job      J
	ComeBack time.Time
}

// Overdue returns those whose turn has not come in time, or will not soon. left
// is how many wait on. At a quick endpoint it is this process that is late, and
// sending them away would make it more so.
func (g *Gate[J]) Overdue(now time.Time) (sent []Sent[J], left int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	shut := g.circuit.open || now.Before(g.pausedUntil)
	late := now
	if g.quick(now) {
		late = now.Add(-quickPatience)
	}
	for n < len(g.parked) && (shut || !late.Before(g.parked[n].until)) {
		n++
	}
	for _, p := range g.parked[:n] {
		sent = append(sent, Sent[J]{p.job, g.turn(now, g.earliest(now), p.tries)})
	}
	g.drop(n)
	return sent, len(g.parked)
}

// Clear returns all who wait, without a place.
func (g *Gate[J]) Clear() []J {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := make([]J, len(g.parked))
	for i, p := range g.parked {
		all[i] = p.job
	}
	g.drop(len(g.parked))
	return all
}

// Standing is what is known of an endpoint's speed.
type Standing int

// The standings, best first.
const (
	// Proven: the last thing heard of it was good.
	Proven Standing = iota
	// Unproven: it was never heard of, or fails.
	Unproven
	// Slow: its answers take long, or have stopped coming.
	Slow
)

// Standing is that of the endpoint now.
func (g *Gate[J]) Standing(now time.Time) Standing {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.latency > slowLatency || g.stalled(now) && now.Sub(g.moved) > slowLatency:
		return Slow
	case !g.proven:
		return Unproven
	default:
		return Proven
	}
}

// Idle says whether nothing is under way and nobody waits.
func (g *Gate[J]) Idle() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.inFlight == 0 && len(g.parked) == 0
}
