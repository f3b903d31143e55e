package delay

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// late is generous: what counts is that nothing comes early and nothing stays.
const late = 3 * time.Second

func TestWaits(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	l.mover(t, 0)
	due := map[string]time.Time{}
	for _, wait := range []time.Duration{0, 10 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, time.Second, 1300 * time.Millisecond} {
		due[wait.String()] = l.later(t, wait.String(), wait)
	}
	for range len(due) {
		m := l.next(t)
		off := m.at.Sub(due[m.GetId()])
		if off < -slack-early || off > late {
			t.Errorf("a wait of %s ends %s off", m.GetId(), off)
		}
		want := newDelivery(m.GetId())
		if m.GetAttempt() != want.GetAttempt() || m.GetReason() != "server_error" || string(m.GetEvent().GetData()) != string(want.GetEvent().GetData()) {
			t.Errorf("%s came out as %v", m.GetId(), m.Delivery)
		}
	}
	l.empty(t)
}

// Two movers share a backlog larger than the window: each message comes once.
func TestMoversShare(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	const many = 600
	l.many(t, "d", many, 200*time.Millisecond)
	l.mover(t, 0)
	l.mover(t, 0)
	seen := map[string]bool{}
	for range many {
		m := l.next(t)
		if seen[m.GetId()] {
			t.Errorf("%s came twice", m.GetId())
		}
		seen[m.GetId()] = true
	}
	l.empty(t)
}

// many puts off n deliveries at once.
func (l *line) many(tb testing.TB, prefix string, n int, wait time.Duration) {
	tb.Helper()
	now := time.Now()
	msgs := make([]bus.Msg, n)
	for i := range msgs {
		var err error
		if msgs[i], err = Later(newDelivery(name(prefix, i)), now.Add(wait), "why", now); err != nil {
			tb.Fatal(err)
		}
	}
	if err := l.publisher.Publish(tb.Context(), msgs); err != nil {
		tb.Fatal(err)
	}
}

// One mover lets go of a tier in the order in which it was given. What was
// given within the same moment may change places: the server's timer takes it
// together.
func TestOrderOfATier(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	l.mover(t, 0)
	const groups, each = 4, 8 // within the window of the tier
	for i := range groups {
		l.many(t, strconv.Itoa(i), each, 500*time.Millisecond)
		<-time.After(100 * time.Millisecond)
	}
	for i := range groups * each {
		if got, want := l.next(t).GetId()[0], strconv.Itoa(i / each)[0]; got != want {
			t.Fatalf("one of group %c is due, want one of %c", got, want)
		}
	}
	l.empty(t)
}

// A mover that took the head of a tier and died says no more about it. Its
// messages are another's after AckWait.
func TestMoverDiesWithTheHead(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	dead := NewMover(l.bus, l.publisher, nil)
	dead.ackWait = time.Second
	if err := dead.provision(t.Context()); err != nil {
		t.Fatal(err)
	}
	const many = 10
	l.many(t, "d", many, 200*time.Millisecond)
	consumer, err := l.bus.JS.Consumer(t.Context(), bus.StreamDelays, "200ms")
	if err != nil {
		t.Fatal(err)
	}
	batch, err := consumer.Fetch(many)
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for range batch.Messages() {
		held++
	}
	if held != many {
		t.Fatalf("the dead mover holds %d, want %d", held, many)
	}
	l.mover(t, time.Second)
	seen := map[string]bool{}
	for range many {
		seen[l.next(t).GetId()] = true
	}
	if len(seen) != many {
		t.Errorf("%d of %d came", len(seen), many)
	}
	l.empty(t)
}

// A message that was moved and not acked is moved again, to no effect.
func TestMovedTwiceIsDueOnce(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	m := NewMover(l.bus, l.publisher, nil)
	m.ackWait = time.Second
	if err := m.provision(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.later(t, "d", 100*time.Millisecond)
	consumer, err := l.bus.JS.Consumer(t.Context(), bus.StreamDelays, "100ms")
	if err != nil {
		t.Fatal(err)
	}
	msg, err := consumer.Next()
	if err != nil {
		t.Fatal(err)
	}
	m.now = func() time.Time { return time.Now().Add(time.Minute) } // it is due
	out, err := m.forward(msg)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.publisher.Publish(t.Context(), []bus.Msg{out}); err != nil {
		t.Fatal(err)
	}
	// It dies here, before the ack.
	l.mover(t, time.Second)
	l.next(t)
	l.empty(t)
}

func TestRestartKeepsWhatWaits(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	l.mover(t, time.Second)
	l.many(t, "d", 50, time.Second)
	l.nats.Restart(t)
	seen := map[string]bool{}
	for len(seen) < 50 {
		m := l.next(t)
		seen[m.GetId()] = true
		if early := m.GetNotBefore().AsTime().Sub(m.at); early > slack+time.Second {
			t.Errorf("%s came %s early", m.GetId(), early)
		}
	}
	testbed.Eventually(t, "the delay line is empty", func() bool { return l.count(t, bus.StreamDelays) == 0 })
}

// The tiers come back on a server that has lost everything.
func TestWipedServer(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	l.mover(t, 0)
	l.later(t, "before", 100*time.Millisecond)
	l.next(t)
	l.nats.Wipe(t)
	testbed.Eventually(t, "the tiers are there", func() bool {
		for _, tier := range Tiers {
			if _, err := l.bus.JS.Consumer(t.Context(), bus.StreamDelays, tier.Name); err != nil {
				return false
			}
		}
		return true
	})
	l.later(t, "after", 300*time.Millisecond)
	if got := l.next(t).GetId(); got != "after" {
		t.Errorf("%s is due, want after", got)
	}
}

// A server that is away at the start is waited for, and a stop does not wait.
func TestStartWithoutAServer(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	l.nats.Stop()
	stop := l.mover(t, 0)
	stop()
	l.mover(t, 0)
	l.nats.Start(t)
	testbed.Eventually(t, "the server is back", l.bus.Connected)
	l.later(t, "d", 100*time.Millisecond)
	l.next(t)
}

// What is given back at a stop comes out of another mover.
func TestStopGivesBack(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	const many = 200
	l.many(t, "d", many, 100*time.Millisecond)
	seen := map[string]bool{}
	for range 3 {
		stop := l.mover(t, 0)
		seen[l.next(t).GetId()] = true
		stop()
	}
	l.mover(t, 0)
	for len(seen) < many {
		seen[l.next(t).GetId()] = true
	}
	l.empty(t)
}

// A message that is none of ours is taken out and does not stop the others.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	l.mover(t, 0)
	err := l.publisher.Publish(t.Context(), []bus.Msg{{Subject: "delays.100ms.t.s", ID: "odd", Data: []byte("\xff\xff")}})
	if err != nil {
		t.Fatal(err)
	}
	l.later(t, "d", 100*time.Millisecond)
	l.next(t)
	l.empty(t)
}

// While DELIVERIES is full nothing is lost, also past AckWait.
func TestFullDeliveries(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	limit := func(n int64) {
		s, err := l.bus.JS.Stream(t.Context(), bus.StreamDeliveries)
		if err != nil {
			t.Fatal(err)
		}
		cfg := s.CachedInfo().Config
		cfg.MaxBytes = n
		if _, err := l.bus.JS.UpdateStream(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
	}
	limit(1)
	l.mover(t, time.Second)
	const many = 40
	l.many(t, "d", many, 100*time.Millisecond)
	testbed.Eventually(t, "messages are held past AckWait", func() bool {
		c, err := l.bus.JS.Consumer(t.Context(), bus.StreamDelays, "100ms")
		return err == nil && c.CachedInfo().NumRedelivered > 1 && time.Since(c.CachedInfo().Created) > 2*time.Second
	})
	limit(-1)
	seen := map[string]bool{}
	for len(seen) < many {
		m := l.next(t)
		if seen[m.GetId()] {
			t.Errorf("%s came twice", m.GetId())
		}
		seen[m.GetId()] = true
	}
	l.empty(t)
}

// BenchmarkMove is how fast what is due leaves the line.
func BenchmarkMove(b *testing.B) {
	l := newLine(b)
	l.mover(b, 0)
	const many = 2000
	for b.Loop() {
		l.many(b, fmt.Sprint(b.N, time.Now().UnixNano()), many, 100*time.Millisecond)
		for range many {
			l.next(b)
		}
	}
	b.ReportMetric(float64(many*b.N)/b.Elapsed().Seconds(), "moved/s")
}
