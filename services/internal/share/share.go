// Package share says which tenants have more than their share of what flows
// through a process now. Those stand back while others would have to wait.
package share

import (
	"math"
	"sync"
	"time"
)

const (
	// halfLife is how soon what a tenant did counts half.
	halfLife = time.Second
	// least is how much of the last seconds' makes nobody heavy.
	least = 200
	// sweepAt is how many tenants are remembered before those are dropped that
	// have done nothing for long.
	sweepAt = 1024
)

// Shares counts by tenant, and forgets. Safe for concurrent use.
type Shares struct {
	mu       sync.Mutex
	byTenant map[string]*count
	total    count
}

// count halves every halfLife.
type count struct {
	n  float64
	at time.Time
}

func (c *count) now(now time.Time) float64 {
	if passed := now.Sub(c.at); passed > 0 {
		c.n *= math.Exp2(-float64(passed) / float64(halfLife))
		c.at = now
	}
	return c.n
}

func (c *count) add(n int, now time.Time) { c.n = c.now(now) + float64(n) }

// New makes shares of nothing.
func New() *Shares { return &Shares{byTenant: make(map[string]*count)} }

// Add counts n more of a tenant's, and says whether the tenant has more than
// half of an even share of all that flowed lately, its own included. So one who
// is alone is heavy as soon as it does much; of many who do as much as one
// another all are; and one who does little beside them never is.
func (s *Shares) Add(tenant string, n int, now time.Time) (heavy bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byTenant[tenant]
	if c == nil {
		if len(s.byTenant) >= sweepAt {
			s.sweep(now)
		}
		c = &count{at: now}
		s.byTenant[tenant] = c
	}
	c.add(n, now)
	s.total.add(n, now)
	return c.n > max(least, s.total.n/float64(2*len(s.byTenant)))
}

// sweep drops those who count for nothing any more. The caller holds the lock.
func (s *Shares) sweep(now time.Time) {
	for tenant, c := range s.byTenant {
		if c.now(now) < 1 {
			delete(s.byTenant, tenant)
		}
	}
}
