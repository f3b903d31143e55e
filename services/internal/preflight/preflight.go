package preflight

import (
	"context"
	"time"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/redisstore"
)

// Process is what one process works with. What is zero it does not have, and
// nothing is said of it.
type Process struct {
	Config
	Bus     *bus.Bus
	Streams bus.Config
	// Consumers says that the process's NATS user may look at consumers.
	Consumers bool
	Redis     *redisstore.Store
	DedupTTL  time.Duration
	// MaxEventBytes is the largest event that it lets in or routes.
	MaxEventBytes int64
	// RequestTimeout is the longest that a POST of it may take.
	RequestTimeout time.Duration
	// InHand is how many deliveries of one lane it may hold, at the least.
	InHand int
	// Now is the clock; nil for time.Now.
	Now func() time.Time
}

// patience bounds one look, of all its requests together.
const patience = 15 * time.Second

// Run looks at everything. The longest that it takes is 15 s.
func Run(ctx context.Context, p Process) Report {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if p.Now == nil {
		p.Now = time.Now
	}
	var r Report
	p.streams(ctx, &r)
	p.payload(&r)
	p.waits(&r)
	p.inHand(&r)
	p.room(&r)
	if p.Redis != nil {
		p.redis(ctx, &r)
	}
	return r
}
