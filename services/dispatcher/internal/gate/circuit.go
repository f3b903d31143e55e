package gate

import (
	"math"
	"time"
)

// circuit opens when nothing but failures come back. While it is open one POST
// at a time goes through, as a probe, and after each that fails it waits twice
// as long. The first answer that is no failure closes it.
type circuit struct {
	failures  int // in a row
	open      bool
	probing   bool
	wait      time.Duration
	nextProbe time.Time
	closedAt  time.Time // zero for never
}

// Open says whether the circuit is open.
func (g *Gate[J]) Open() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.circuit.open
}

// enterOpen lets a probe through, or sends away. The lock is held.
func (g *Gate[J]) enterOpen(now time.Time, tries int) (Admission, time.Time) {
	c := &g.circuit
	earliest := later(c.nextProbe, g.pausedUntil)
	if !c.probing && !now.Before(earliest) {
		c.probing = true
		g.take(now)
		return Go, time.Time{}
	}
	// Where few wait, they would all come for every probe.
	return Away, g.turn(now, later(earliest, now.Add(doubled(firstProbe, tries))), tries)
}

func (c *circuit) failed(now time.Time, cfg Config) {
	c.failures++
	switch {
	case c.open && !c.probing:
		return // it went out before the circuit opened
	case c.open:
		c.probing = false
		c.wait = min(2*c.wait, cfg.CircuitProbe)
	case cfg.CircuitAfter > 0 && c.failures >= cfg.CircuitAfter:
		c.open, c.probing, c.wait = true, false, firstProbe
	default:
		return
	}
	c.nextProbe = now.Add(c.wait)
}

// answered notes an answer that is no failure and says whether it closed the
// circuit.
func (c *circuit) answered(now time.Time) (closed bool) {
	closed = c.open
	if closed {
		c.closedAt = now
	}
	c.failures, c.open, c.probing = 0, false, false
	return closed
}

// declined lets another probe through instead of the one that was not made.
func (c *circuit) declined() { c.probing = false }

// ramp is the most that a recovered endpoint gets at once: twice as much after
// each second. Those who waited for it would overrun it otherwise.
func (c *circuit) ramp(now time.Time) int {
	seconds := now.Sub(c.closedAt) / time.Second
	if c.closedAt.IsZero() || seconds >= rampSteps {
		return math.MaxInt
	}
	return 2 << seconds
}
