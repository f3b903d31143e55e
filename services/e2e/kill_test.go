package e2e

import (
	"testing"
	"time"
)

// Two routers and two dispatchers share the work; one of each is killed under
// load. Every event arrives, and what arrives twice was in flight.
func TestKilledUnderLoad(t *testing.T) {
	begin(t)
	const inFlight = 64 // of one dispatcher
	s := startStack(t, plan{routers: 2, dispatchers: 2, dispatcher: env{"POSTHASTE_MAX_IN_FLIGHT": "64"}})
	// Answers that take a moment, so that something is always in flight.
	one, two := receive(t, slow(10*time.Millisecond)), receive(t, slow(10*time.Millisecond))
	s.subscribe(t, one, wish{types: []string{"kill.*"}})
	s.subscribe(t, two, wish{types: []string{"*"}})

	work := startLoad(t, s.api, pace{"kill.load", 20, 20 * time.Millisecond})
	work.awaitAccepted(t, 500)
	s.awaitShared(t)
	s.routers[0].kill(t)
	s.dispatchers[0].kill(t)
	work.awaitAccepted(t, 3000)

	ids := work.stop()
	one.awaitAll(t, ids)
	two.awaitAll(t, ids)
	s.awaitIdle(t)
	repeats := one.repeats() + two.repeats()
	t.Logf("%d events to 2 endpoints: none lost, %d arrived twice", len(ids), repeats)
	if repeats > inFlight {
		t.Errorf("%d arrived twice, and no more than %d can have been in flight", repeats, inFlight)
	}
}

// awaitShared returns when each router and each dispatcher has done some of
// the work.
func (s *stack) awaitShared(t *testing.T) {
	t.Helper()
	for _, r := range s.routers {
		eventually(t, r.name+" to route", func() bool { return r.metric(t, eventsMetric) > 0 }, nil)
	}
	for _, d := range s.dispatchers {
		eventually(t, d.name+" to deliver", func() bool { return d.metric(t, attemptsMetric) > 0 }, nil)
	}
}
