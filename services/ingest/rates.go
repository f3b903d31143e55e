package ingest

import (
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/problem"
)

// rates holds one token bucket a tenant.
type rates struct {
	limit rate.Limit
	burst int

	mu      sync.Mutex
	tenants map[string]*rate.Limiter
}

// newRates returns nil where there is no limit.
func newRates(perSecond float64, burst int) *rates {
	if perSecond == 0 {
		return nil
	}
	return &rates{limit: rate.Limit(perSecond), burst: burst, tenants: make(map[string]*rate.Limiter)}
}

// take takes a token for each event, or none and returns a 429.
func (r *rates) take(events []*posthastev1.Event, now time.Time) error {
	if r == nil {
		return nil
	}
	counts := make(map[string]int, 1)
	for _, e := range events {
		counts[e.GetTenant()]++
	}
	var taken []*rate.Reservation
	for tenant, n := range counts {
		reservation := r.limiter(tenant).ReserveN(now, n)
		taken = append(taken, reservation)
		if wait := reservation.DelayFrom(now); wait > 0 {
			for _, back := range taken {
				back.CancelAt(now)
			}
			return &problem.Error{
				Status: http.StatusTooManyRequests, Code: problem.CodeRateLimited, RetryAfter: wait,
				Message: "The tenant sends more events than its rate allows (POSTHASTE_TENANT_RATE).",
				Details: map[string]any{"tenant": tenant, "eventsPerSecond": float64(r.limit)},
			}
		}
	}
	return nil
}

// maxTenants bounds the buckets held; past it those that are full, and so
// remember nothing, are dropped.
const maxTenants = 10000

func (r *rates) limiter(tenant string) *rate.Limiter {
	r.mu.Lock()
	defer r.mu.Unlock()
	l, ok := r.tenants[tenant]
	if !ok {
		if len(r.tenants) >= maxTenants {
			r.forget()
		}
		l = rate.NewLimiter(r.limit, r.burst)
		r.tenants[tenant] = l
	}
	return l
}

func (r *rates) forget() {
	for name, l := range r.tenants {
		if l.Tokens() >= float64(r.burst) {
			delete(r.tenants, name)
		}
	}
}
