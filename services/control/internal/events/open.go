package events

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/posthaste/posthaste/services/internal/problem"
)

// openStreams counts the streams under way, for each is a connection that
// stays.
type openStreams struct {
	mu       sync.Mutex
	all      int
	byTenant map[string]int
}

// retryStream is when a client that found no place may try again.
const retryStream = 5 * time.Second

// enter takes a place and returns how to give it back. It is a 429 where the
// tenant has no place left, and a 503 where the process has none.
func (o *openStreams) enter(tenant string, cfg Config) (leave func(), err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.byTenant[tenant] >= cfg.TenantStreams:
		return nil, &problem.Error{
			Status: http.StatusTooManyRequests, Code: problem.CodeRateLimited, RetryAfter: retryStream,
			Message: fmt.Sprintf("The tenant has %d streams open, which is the most (max-event-streams-per-tenant); close one first.", cfg.TenantStreams),
		}
	case o.all >= cfg.MaxStreams:
		return nil, problem.Unavailable(fmt.Sprintf("There are %d streams open, which is the most (max-event-streams).", cfg.MaxStreams), retryStream, nil)
	}
	if o.byTenant == nil {
		o.byTenant = make(map[string]int)
	}
	o.all++
	o.byTenant[tenant]++
	return func() { o.leave(tenant) }, nil
}

func (o *openStreams) leave(tenant string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all--
	if o.byTenant[tenant]--; o.byTenant[tenant] == 0 {
		delete(o.byTenant, tenant)
	}
}
