package pressure

import (
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/testbed"
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
	testbed.Eventually(t, "busy", g.Busy)
	stop.Store(true)
	running.Wait()
	testbed.Eventually(t, "busy no more", func() bool { return !g.Busy() })
}

func BenchmarkBusy(b *testing.B) {
	g := New()
	for b.Loop() {
		g.look(time.Now())
	}
}
