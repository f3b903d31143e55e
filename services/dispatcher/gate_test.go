package dispatcher

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// attempt is one POST through the gate.
func attempt(g *gate, took time.Duration, success, strain bool) {
	g.enter(context.Background(), time.Now())
	g.leave(time.Now(), took, success, strain)
}

func TestGateAdapts(t *testing.T) {
	t.Parallel()
	g := newGate(64)
	if g.limit != firstLimit {
		t.Errorf("begins with %d", g.limit)
	}
	for range 100 {
		attempt(g, time.Millisecond, true, false)
	}
	if g.limit != 64 {
		t.Errorf("after successes %d, want the most", g.limit)
	}
	attempt(g, time.Millisecond, false, false)
	if g.limit != 64 {
		t.Errorf("after a 404 %d, want no change", g.limit)
	}
	for want := 32; want > 1; want /= 2 {
		attempt(g, time.Millisecond, false, true)
		if g.limit != want {
			t.Errorf("after strain %d, want %d", g.limit, want)
		}
	}
	for range 5 {
		attempt(g, time.Millisecond, false, true)
	}
	if g.limit != 1 {
		t.Errorf("at the least %d, want 1", g.limit)
	}
	attempt(g, time.Millisecond, true, false)
	if g.limit != 2 {
		t.Errorf("after recovery %d, want 2", g.limit)
	}
	if g := newGate(2); g.limit != 2 {
		t.Errorf("begins with %d over its most", g.limit)
	}
}

// full takes all places of a new gate.
func full(t *testing.T, highest int) *gate {
	t.Helper()
	g := newGate(highest)
	for range g.limit {
		if ok, _ := g.enter(t.Context(), time.Now()); !ok {
			t.Fatal("no place in an empty gate")
		}
	}
	return g
}

// A turn that is a moment away is waited for, first come, first served.
func TestGateWaitsAMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := full(t, 1)
		order := make(chan int, 2)
		for i := range 2 {
			go func() {
				if ok, _ := g.enter(t.Context(), time.Now()); ok {
					order <- i
				}
			}()
			synctest.Wait()
		}
		<-time.After(patience / 4)
		g.leave(time.Now(), time.Millisecond, true, false)
		if got := <-order; got != 0 {
			t.Errorf("%d has the place, want the first", got)
		}
		g.leave(time.Now(), time.Millisecond, true, false)
		if got := <-order; got != 1 {
			t.Errorf("%d has the place, want the second", got)
		}
	})
}

func TestGateSendsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := full(t, 4)
		<-time.After(10 * time.Second) // the endpoint hangs
		begin := time.Now()
		last := begin
		for range 1000 {
			ok, at := g.enter(t.Context(), time.Now())
			if ok {
				t.Fatal("a place in a full gate")
			}
			if at.Before(last) || at.Before(begin.Add(leastAway)) || at.After(begin.Add(mostAway)) {
				t.Fatalf("comes back after %s, the one before after %s", at.Sub(begin), last.Sub(begin))
			}
			last = at
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("was held for %s by an endpoint that hangs", took)
		}
		if last.Sub(begin) < time.Second {
			t.Errorf("a thousand come back within %s", last.Sub(begin))
		}
	})
}

// Who has waited in vain is sent away and leaves nothing behind.
func TestGateWaitsInVain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := full(t, 1)
		begin := time.Now()
		ok, at := g.enter(t.Context(), begin)
		if ok || at.Before(time.Now().Add(leastAway)) {
			t.Errorf("has a place: %v; comes back at %s", ok, at.Sub(begin))
		}
		if took := time.Since(begin); took != 2*patience {
			t.Errorf("waited %s", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		g.moved = time.Now()
		if ok, _ := g.enter(ctx, time.Now()); ok {
			t.Error("has a place after its end")
		}
		if len(g.waiting) != 0 {
			t.Errorf("%d still wait", len(g.waiting))
		}
		g.leave(time.Now(), time.Millisecond, true, false)
		if g.inFlight != 0 {
			t.Errorf("%d places taken by nobody", g.inFlight)
		}
	})
}

func BenchmarkGate(b *testing.B) {
	g := newGate(64)
	now := time.Now()
	for b.Loop() {
		g.enter(b.Context(), now)
		g.leave(now, time.Millisecond, true, false)
	}
}
