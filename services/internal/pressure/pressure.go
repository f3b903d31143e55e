// Package pressure says whether this process has more to do than its CPUs
// allow. What can wait then should.
package pressure

import (
	"math"
	"runtime/metrics"
	"sync"
	"time"
)

const (
	// waits is how long goroutines that could run had to wait for a CPU.
	waits = "/sched/latencies:seconds"
	// busyWait: where one goroutine in ten waits longer, the process is busy. On
	// an idle machine it is a few microseconds.
	busyWait = time.Millisecond
	// busyShare is that tenth.
	busyShare = 0.1
	// lookEvery is the least time between two looks.
	lookEvery = 50 * time.Millisecond
)

// Gauge watches the scheduler. Safe for concurrent use.
type Gauge struct {
	mu     sync.Mutex
	sample []metrics.Sample
	before []uint64
	looked time.Time
	busy   bool
}

// New makes a gauge that looks from now on.
func New() *Gauge {
	g := &Gauge{sample: []metrics.Sample{{Name: waits}}}
	g.look(time.Now())
	return g
}

// Busy says whether the process was busy of late.
func (g *Gauge) Busy() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := time.Now(); now.Sub(g.looked) >= lookEvery {
		g.look(now)
	}
	return g.busy
}

func (g *Gauge) look(now time.Time) {
	g.looked = now
	metrics.Read(g.sample)
	if g.sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return // another version of Go: never busy
	}
	h := g.sample[0].Value.Float64Histogram()
	g.busy = g.before != nil && waited(h, g.before) > busyShare
	g.before = append(g.before[:0], h.Counts...)
}

// waited is the share of those that waited long, among all since before.
func waited(h *metrics.Float64Histogram, before []uint64) float64 {
	all, long := 0.0, 0.0
	for i, n := range h.Counts {
		n -= before[i]
		all += float64(n)
		if h.Buckets[i] >= busyWait.Seconds() {
			long += float64(n)
		}
	}
	return long / math.Max(1, all)
}
