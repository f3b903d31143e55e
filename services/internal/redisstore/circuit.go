package redisstore

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// tolerated is how many trips in a row may fail before Redis is left
	// alone.
	tolerated = 3
	// probeEvery is how long Redis is left alone before it is tried again.
	probeEvery = time.Second
)

// circuit says whether Redis is worth asking. It opens after a few failures
// in a row. What closes it is a probe beside the deliveries: none of them is
// held up to find out whether Redis is back.
type circuit struct {
	isOpen atomic.Bool // written under mu, read by every trip

	mu        sync.Mutex
	failures  int // in a row
	nextProbe time.Time
	probing   bool
	closing   bool
	probes    sync.WaitGroup
}

// failed counts a failure and says whether it opened the circuit.
func (c *circuit) failed(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failures++; c.failures < tolerated || c.isOpen.Load() {
		return false
	}
	c.isOpen.Store(true)
	c.nextProbe = now.Add(probeEvery)
	return true
}

// succeeded forgets the failures. A trip that was under way when the circuit
// opened does not close it: it may have been the last to get through.
func (c *circuit) succeeded() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failures = 0
}

// beginProbe says whether a probe is due. The caller makes it, alone, and
// calls endProbe.
func (c *circuit) beginProbe(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.probing || c.closing || !c.isOpen.Load() || now.Before(c.nextProbe) {
		return false
	}
	c.probing = true
	c.probes.Add(1)
	return true
}

func (c *circuit) endProbe(answered bool, now time.Time) {
	defer c.probes.Done()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probing = false
	c.nextProbe = now.Add(probeEvery)
	if answered {
		c.failures = 0
		c.isOpen.Store(false)
	}
}

// close keeps probes from beginning and waits for the one under way, which
// the caller has told to end.
func (c *circuit) close() {
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
	c.probes.Wait()
}
