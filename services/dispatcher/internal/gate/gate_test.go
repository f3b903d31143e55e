package gate

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// start is any time at all: a gate knows no other clock than its callers'.
var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

var defaults = Config{Concurrency: 64, CircuitAfter: 50, CircuitProbe: 30 * time.Second}

// post is one POST through the gate, from now on.
func post(t *testing.T, g *Gate[int], now time.Time, r Result) {
	t.Helper()
	if a, at := g.Enter(now, 0, 0); a != Go {
		t.Fatalf("admission %d, comes back after %s", a, at.Sub(now))
	}
	g.Leave(now.Add(r.Took), r)
}

var (
	good   = Result{Took: time.Millisecond, Success: true}
	bad    = Result{Took: time.Millisecond, Strain: true}
	notOne = Result{Took: time.Millisecond} // such as a 404
)

func TestAdapts(t *testing.T) {
	t.Parallel()
	g := New[int](defaults)
	if g.limit != firstLimit {
		t.Errorf("begins with %d", g.limit)
	}
	for range 100 {
		post(t, g, start, good)
	}
	if g.limit != 64 {
		t.Errorf("after successes %d, want the most", g.limit)
	}
	post(t, g, start, notOne)
	if g.limit != 64 {
		t.Errorf("after a 404 %d, want no change", g.limit)
	}
	for want := 32; want > 1; want /= 2 {
		post(t, g, start, bad)
		if g.limit != want {
			t.Errorf("after strain %d, want %d", g.limit, want)
		}
	}
	for range 5 {
		post(t, g, start, bad)
	}
	if g.limit != 1 {
		t.Errorf("at the least %d, want 1", g.limit)
	}
	post(t, g, start, good)
	if g.limit != 2 {
		t.Errorf("after recovery %d, want 2", g.limit)
	}
	if g := New[int](Config{Concurrency: 2, CircuitAfter: 1, CircuitProbe: time.Second}); g.limit != 2 {
		t.Errorf("begins with %d over its most", g.limit)
	}
}

// full is a new gate with all places taken.
func full(t *testing.T, cfg Config) *Gate[int] {
	t.Helper()
	g := New[int](cfg)
	for range g.limit {
		if a, _ := g.Enter(start, 0, 0); a != Go {
			t.Fatal("no place in an empty gate")
		}
	}
	return g
}

// A turn that is a moment away is waited for, first come, first served.
func TestWaitsAMoment(t *testing.T) {
	t.Parallel()
	one := defaults
	one.Concurrency = 1
	g := full(t, one)
	for i := range 2 {
		if a, _ := g.Enter(start, i, 0); a != Wait {
			t.Fatalf("admission %d", a)
		}
	}
	for want := range 2 {
		next := g.Leave(start.Add(time.Millisecond), good)
		if len(next) != 1 || next[0] != want {
			t.Errorf("%v have the place, want %d", next, want)
		}
	}
	if next := g.Leave(start, good); len(next) != 0 || !g.Idle() {
		t.Errorf("%v have a place that nobody asked for", next)
	}
}

// Who has waited in vain is sent away and leaves nothing behind.
func TestWaitsInVain(t *testing.T) {
	t.Parallel()
	g := full(t, defaults)
	g.Enter(start, 7, 0)
	if sent, left := g.Overdue(start.Add(patience)); len(sent) != 0 || left != 1 {
		t.Errorf("sent away before its time: %v, %d left", sent, left)
	}
	late := start.Add(2 * patience)
	sent, left := g.Overdue(late)
	if len(sent) != 1 || sent[0].Job != 7 || left != 0 || sent[0].ComeBack.Before(late.Add(leastAway)) {
		t.Errorf("sent away: %v, %d left", sent, left)
	}
	g.Enter(start, 8, 1)
	if all := g.Clear(); len(all) != 1 || all[0] != 8 {
		t.Errorf("cleared: %v", all)
	}
	for range firstLimit {
		g.Leave(late, good)
	}
	if !g.Idle() {
		t.Error("a place is taken by nobody")
	}
}

// An endpoint that stops answering keeps few places, long before its first
// timeout, however many it was worth.
func TestStalls(t *testing.T) {
	t.Parallel()
	g := New[int](defaults)
	for range 100 {
		post(t, g, start, good)
	}
	g.Enter(start, 0, 0)
	now, in := start.Add(leastStall+time.Millisecond), 1
	for range 100 {
		a, at := g.Enter(now, 0, 0)
		if a == Go {
			in++
		} else if a != Away || at.Before(now.Add(leastAway)) {
			t.Fatalf("admission %d, comes back after %s", a, at.Sub(now))
		}
	}
	if in != 1 {
		t.Errorf("%d places for an endpoint that does not answer", in)
	}
	if got := g.Standing(now.Add(slowLatency)); got != Slow {
		t.Errorf("standing %d", got)
	}
	g.Leave(now, good)
	if a, _ := g.Enter(now, 0, 0); a != Go || g.Standing(now) != Proven {
		t.Error("it answers, and is held back still")
	}
}

// A gate that nothing was heard of yet knows no queue, however late it is asked.
func TestLaterOfANewGate(t *testing.T) {
	t.Parallel()
	g := New[int](defaults)
	for range 10 {
		if at := g.Later(start, 0); at.After(start.Add(2 * leastAway)) {
			t.Errorf("comes back after %s", at.Sub(start))
		}
	}
}

func TestStanding(t *testing.T) {
	t.Parallel()
	g := New[int](defaults)
	for _, c := range []struct {
		r    Result
		want Standing
	}{
		{notOne, Unproven},
		{bad, Unproven},
		{good, Proven},
		{notOne, Proven},
		{bad, Unproven},
		{good, Proven},
		{Result{Took: time.Minute, Success: true}, Slow},
		{Result{Took: time.Minute, Strain: true}, Slow},
	} {
		post(t, g, start, c.r)
		if got := g.Standing(start); got != c.want {
			t.Errorf("after %+v standing %d, want %d", c.r, got, c.want)
		}
	}
}

// Each that is sent away has a turn of its own, at the endpoint's pace.
func TestTurns(t *testing.T) {
	t.Parallel()
	g := full(t, defaults)
	now := start.Add(10 * time.Second) // the endpoint hangs
	last := now
	for range 1000 {
		a, at := g.Enter(now, 0, 0)
		if a != Away || at.Before(last) || at.Before(now.Add(leastAway)) || at.After(now.Add(mostAway)) {
			t.Fatalf("admission %d, comes back after %s, the one before after %s", a, at.Sub(now), last.Sub(now))
		}
		last = at
	}
	if last.Sub(now) < time.Second {
		t.Errorf("a thousand come back within %s", last.Sub(now))
	}
}

// While others have a turn, who comes for the first time has half of the room to
// wait in.
func TestNewcomersStandBehind(t *testing.T) {
	t.Parallel()
	g := full(t, defaults)
	waits := func(tries, most int) (n int) {
		for n < most {
			if a, _ := g.Enter(start, 0, tries); a != Wait {
				break
			}
			n++
		}
		return n
	}
	all := waits(0, 1000)
	if all == 0 || all > mostParked {
		t.Fatalf("%d wait in an empty gate", all)
	}
	g.Clear()
	if newcomers := waits(0, 1000); newcomers == 0 || newcomers > all/2+1 {
		t.Errorf("%d newcomers wait where %d have room", newcomers, all)
	}
	if others := waits(1, 1000); others < all/2-1 {
		t.Errorf("%d more wait whose turn it is", others)
	}
}

// An endpoint that takes a thousand a second is waited for when it is full.
func TestAwait(t *testing.T) {
	t.Parallel()
	g := New[int](defaults)
	for range 100 {
		post(t, g, start, good)
	}
	if g.Await(start, 0) {
		t.Error("there is a place, and it should be waited for")
	}
	for a := Go; a != Away; {
		if g.Await(start, 0) {
			break
		}
		a, _ = g.Enter(start, 0, 0)
	}
	if !g.Await(start, 0) {
		t.Error("sent away by an endpoint that is quick")
	}
	slow := full(t, defaults)
	if slow.Enter(start.Add(time.Second), 0, 0); slow.Await(start.Add(time.Second), 0) {
		t.Error("an endpoint that was never heard of is waited for")
	}
}

// Where the endpoint asked for a pause nothing goes to it, and who waits is sent
// away.
func TestPause(t *testing.T) {
	t.Parallel()
	g := full(t, defaults)
	g.Enter(start, 1, 0)
	g.Leave(start, Result{Took: time.Millisecond, Strain: true, Pause: time.Minute})
	until := start.Add(time.Minute)
	sent, left := g.Overdue(start)
	if len(sent) != 1 || left != 0 || sent[0].ComeBack.Before(until) {
		t.Errorf("sent away: %v, %d left", sent, left)
	}
	if a, at := g.Enter(start.Add(time.Second), 2, 0); a != Away || at.Before(until) {
		t.Errorf("admission %d, comes back after %s", a, at.Sub(start))
	}
	for range firstLimit - 1 {
		g.Leave(until, good)
	}
	if a, _ := g.Enter(until, 3, 1); a != Go {
		t.Errorf("admission %d after the pause", a)
	}
}

// open is a gate whose circuit has just opened.
func open(t *testing.T) *Gate[int] {
	t.Helper()
	g := New[int](defaults)
	for range defaults.CircuitAfter {
		if g.circuit.open {
			t.Fatal("open too soon")
		}
		post(t, g, start, bad)
	}
	if !g.circuit.open {
		t.Fatal("not open")
	}
	return g
}

func TestCircuit(t *testing.T) {
	t.Parallel()
	g := open(t)
	now := start
	for wait := firstProbe; ; wait *= 2 {
		wait = min(wait, defaults.CircuitProbe)
		if a, at := g.Enter(now.Add(wait-time.Second/2), 0, 0); a != Away || at.Before(now.Add(wait)) {
			t.Fatalf("after %s: admission %d, comes back after %s", wait, a, at.Sub(now))
		}
		now = now.Add(wait + time.Millisecond)
		if a, _ := g.Enter(now, 0, 0); a != Go {
			t.Fatalf("no probe after %s", wait)
		}
		if a, _ := g.Enter(now, 0, 0); a != Away {
			t.Fatal("two probes at once")
		}
		if wait == defaults.CircuitProbe {
			break
		}
		g.Leave(now, bad)
	}
	if g.Leave(now, notOne); g.circuit.open {
		t.Error("still open after an answer that is no failure")
	}
}

// What went out before the circuit opened says nothing of its probes.
func TestStragglers(t *testing.T) {
	t.Parallel()
	g := New[int](defaults)
	for range 100 {
		post(t, g, start, good)
	}
	for range 64 {
		g.Enter(start, 0, 0)
	}
	for range 64 {
		g.Leave(start, bad)
	}
	if !g.circuit.open || g.circuit.wait != firstProbe {
		t.Errorf("open: %v, the first probe after %s", g.circuit.open, g.circuit.wait)
	}
	g.Enter(start.Add(firstProbe), 0, 0)
	g.Decline(start.Add(firstProbe))
	if a, _ := g.Enter(start.Add(firstProbe), 0, 0); a != Go {
		t.Error("no probe after one that was not made")
	}
}

// A recovered endpoint gets twice as much each second, and not all at once.
func TestRamp(t *testing.T) {
	t.Parallel()
	g := open(t)
	now := start.Add(firstProbe + time.Millisecond)
	post(t, g, now, good)
	for second, want := range []int{2, 4, 8, 16, 32, 64, 64} {
		at := now.Add(time.Duration(second)*time.Second + 10*time.Millisecond)
		for range 100 {
			post(t, g, at, good)
		}
		if g.limit != want {
			t.Errorf("after %d s %d at once, want %d", second, g.limit, want)
		}
	}
}

// However long the endpoint is away, a delivery comes back a handful of times,
// and after recovery no later than about as long as it was away.
func TestComesBackAHandfulOfTimes(t *testing.T) {
	t.Parallel()
	const crowd = 200
	for _, c := range []struct {
		away time.Duration
		most int
	}{{time.Minute, 9}, {time.Hour, 15}, {24 * time.Hour, 40}} {
		t.Run(fmt.Sprint(c.away), func(t *testing.T) {
			t.Parallel()
			g := open(t)
			due, tries := make([]time.Time, crowd), make([]int, crowd)
			for i := range due {
				due[i] = start
			}
			end := start.Add(c.away)
			for {
				i, now := earliest(due)
				if !now.Before(end) {
					break
				}
				a, comeBack := g.Enter(now, i, tries[i])
				if a == Go { // the probe, which fails; its next attempt is another matter
					g.Leave(now, bad)
					due[i] = end
					continue
				}
				tries[i]++
				due[i] = comeBack
			}
			for i, n := range tries {
				if n > c.most {
					t.Fatalf("one was put off %d times within %s, want at most %d", n, c.away, c.most)
				}
				if wait := due[i].Sub(end); wait > c.away+mostAway {
					t.Fatalf("one waits on for %s after %s", wait, c.away)
				}
			}
		})
	}
}

func earliest(due []time.Time) (i int, at time.Time) {
	at = due[0]
	for j, t := range due {
		if t.Before(at) {
			i, at = j, t
		}
	}
	return i, at
}

// Whatever happens, places are counted right, and nobody is lost in the gate.
func TestPlacesAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := New[int](Config{Concurrency: rapid.IntRange(1, 8).Draw(t, "concurrency"), CircuitAfter: rapid.IntRange(0, 6).Draw(t, "circuit"), CircuitProbe: 2 * time.Second})
		now, inFlight, waiting := start, 0, map[int]bool{}
		got := func(next []int) {
			for _, j := range next {
				if !waiting[j] {
					t.Fatalf("%d has a place and did not wait", j)
				}
				delete(waiting, j)
				inFlight++
			}
		}
		for step := range 200 {
			now = now.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "ms")) * time.Millisecond)
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0, 1:
				switch a, at := g.Enter(now, step, rapid.IntRange(0, 3).Draw(t, "tries")); a {
				case Go:
					inFlight++
				case Wait:
					waiting[step] = true
				case Away:
					if !at.After(now) || at.After(now.Add(2*furthest)) {
						t.Fatalf("comes back after %s", at.Sub(now))
					}
				}
			case 2, 3:
				if inFlight == 0 {
					continue
				}
				inFlight--
				got(g.Leave(now, Result{
					Took: time.Millisecond, Success: rapid.Bool().Draw(t, "success"), Strain: rapid.Bool().Draw(t, "strain"),
					Pause: time.Duration(rapid.IntRange(0, 2).Draw(t, "pause")) * time.Second,
				}))
			case 4:
				sent, left := g.Overdue(now)
				for _, s := range sent {
					delete(waiting, s.Job)
				}
				if left != len(waiting) {
					t.Fatalf("%d wait, want %d", left, len(waiting))
				}
			}
			if g.inFlight != inFlight || inFlight > 8 {
				t.Fatalf("%d places taken, want %d", g.inFlight, inFlight)
			}
		}
	})
}

// The gate runs on its callers' clock alone.
func TestNoClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := full(t, defaults)
		<-time.After(time.Hour)
		if a, _ := g.Enter(start, 0, 0); a != Wait {
			t.Errorf("admission %d at the same time", a)
		}
	})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Config){
		"endpoint-concurrency: must be at least 1, is 0": func(c *Config) { c.Concurrency = 0 },
		"circuit-after: must be at least 0, is -1":       func(c *Config) { c.CircuitAfter = -1 },
		"circuit-probe: must be at least 1s, is 1ms":     func(c *Config) { c.CircuitProbe = time.Millisecond },
	} {
		cfg := defaults
		change(&cfg)
		if err := cfg.Validate(); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := defaults.Validate(); err != nil {
		t.Error(err)
	}
}

func BenchmarkGate(b *testing.B) {
	g := New[int](defaults)
	for b.Loop() {
		g.Enter(start, 0, 0)
		g.Leave(start, good)
	}
}
