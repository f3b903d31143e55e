package pressure

import (
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestWaited(t *testing.T) {
	t.Parallel()
	h := &metrics.Float64Histogram{Buckets: []float64{0, 1e-6, 1e-3, 1e-2, 1}, Counts: []uint64{10, 10, 5, 5}}
	if got := waited(h, []uint64{0, 0, 0, 0}); got != 10.0/30 {
		t.Errorf("%v waited long", got)
	}
	if got := waited(h, []uint64{10, 10, 5, 5}); got != 0 {
		t.Errorf("%v waited long since a moment ago", got)
	}
	if got := waited(h, []uint64{10, 10, 0, 5}); got != 1 {
		t.Errorf("%v waited long, want all", got)
	}
}

// More goroutines that never rest than there are CPUs make others wait.
func TestBusy(t *testing.T) {
	g := New()
	var stop atomic.Bool
	var running sync.WaitGroup
	for range 8 * runtime.GOMAXPROCS(0) {
		running.Go(func() {
			for !stop.Load() { // until the scheduler takes the CPU away
			}
		})
	}
	deadline := time.Now().Add(20 * time.Second)
	for !g.Busy() {
		if time.Now().After(deadline) {
			t.Fatal("not busy")
		}
		time.Sleep(lookEvery)
	}
	stop.Store(true)
	running.Wait()
	for g.Busy() {
		if time.Now().After(deadline) {
			t.Fatal("still busy")
		}
		time.Sleep(lookEvery)
	}
}

func BenchmarkBusy(b *testing.B) {
	g := New()
	for b.Loop() {
		g.look(time.Now())
	}
}
