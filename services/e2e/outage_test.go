package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// NATS dies under load and comes back with its store: every service goes on by
// itself, and what was answered 202 arrives.
func TestNATSAway(t *testing.T) {
	begin(t)
	s := startStack(t, plan{})
	to := receive(t, nil)
	s.subscribe(t, to, wish{types: []string{"nats.load"}})
	work := startLoad(t, s.api, pace{"nats.load", 10, 20 * time.Millisecond})
	work.awaitAccepted(t, 200)

	s.nats.kill(t)
	eventually(t, "503 while NATS is away", func() bool { _, refused := work.counts(); return refused >= 3 }, nil)
	for _, each := range s.services() {
		eventually(t, each.name+" to be not ready", func() bool { return !each.ready() }, nil)
	}
	s.nats.up(t)
	for _, each := range s.services() {
		each.awaitReady(t)
	}
	accepted, refused := work.counts()
	work.awaitAccepted(t, accepted+200)
	ids := work.stop()
	to.awaitAll(t, ids)
	s.awaitIdle(t)
	t.Logf("%d events accepted and none lost, %d batches refused, %d arrived twice", len(ids), refused, to.repeats())
}

// NATS hangs under load: ingest says so, and afterwards all go on.
func TestNATSHangs(t *testing.T) {
	begin(t)
	s := startStack(t, plan{})
	to := receive(t, nil)
	s.subscribe(t, to, wish{types: []string{"hang.load"}})
	work := startLoad(t, s.api, pace{"hang.load", 10, 20 * time.Millisecond})
	work.awaitAccepted(t, 100)

	s.nats.signal(t, syscall.SIGSTOP)
	eventually(t, "503 while NATS hangs", func() bool { _, refused := work.counts(); return refused >= 2 }, nil)
	s.nats.signal(t, syscall.SIGCONT)
	accepted, _ := work.counts()
	work.awaitAccepted(t, accepted+100)
	ids := work.stop()
	to.awaitAll(t, ids)
	s.awaitIdle(t)
	t.Logf("%d events accepted and none lost, %d arrived twice", len(ids), to.repeats())
}

// Redis dies, or hangs: deliveries go on, and none waits for it. It comes
// back, empty or not, and is used again.
func TestRedisAway(t *testing.T) {
	begin(t)
	t.Run("killed", func(t *testing.T) {
		t.Parallel()
		testRedisAway(t, func(s *server) { s.kill(t) }, func(s *server) { s.up(t) })
	})
	t.Run("hanging", func(t *testing.T) {
		t.Parallel()
		testRedisAway(t, func(s *server) { s.signal(t, syscall.SIGSTOP) }, func(s *server) { s.signal(t, syscall.SIGCONT) })
	})
}

func testRedisAway(t *testing.T, leave, comeBack func(*server)) {
	t.Helper()
	s := startStack(t, plan{})
	if s.redis.process == nil {
		t.Skip("redis-server is not on PATH, and the embedded one can't be killed")
	}
	to := receive(t, nil)
	sub := s.subscribe(t, to, wish{types: []string{"redis.load"}})
	work := startLoad(t, s.api, pace{"redis.load", 2, 20 * time.Millisecond})
	work.awaitAccepted(t, 50)

	leave(s.redis)
	accepted, _ := work.counts()
	work.awaitAccepted(t, accepted+200)
	if got := s.get(t, sub.ID); got.FailCount != nil {
		t.Errorf("failCount %d while Redis is away, want none", *got.FailCount)
	}
	comeBack(s.redis)
	dispatcher := s.dispatchers[0]
	eventually(t, "Redis to be used again", func() bool { return strings.Contains(dispatcher.log.String(), "Redis answers again") }, nil)
	eventually(t, "failCount", func() bool { return s.get(t, sub.ID).FailCount != nil }, nil)

	to.awaitAll(t, work.stop())
	s.awaitIdle(t)
	slowest := work.slowest(to)
	t.Logf("slowest delivery %s, %d arrived twice", slowest, to.repeats())
	if slowest > 5*time.Second {
		t.Errorf("a delivery took %s: Redis being away held it", slowest)
	}
}

// slowest is the longest from a 202 to the first POST of the event.
func (l *load) slowest(to *endpoint) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	most, seen := time.Duration(0), make(map[string]bool)
	for _, a := range to.all() {
		if at, ok := l.sent[a.event.ID]; ok && !seen[a.event.ID] {
			seen[a.event.ID] = true
			most = max(most, a.at.Sub(at))
		}
	}
	return most
}
