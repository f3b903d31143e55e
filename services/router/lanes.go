package router

import (
	"time"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/share"
)

// lanes chooses the lane of new deliveries. While the lane fresh is short, all
// go there. Where it has grown, what heavy tenants send goes to the lane bulk, so
// that nobody else's deliveries wait behind it.
type lanes struct {
	backlog *bus.Backlog
	shares  *share.Shares
	most    int64
}

func newLanes(cfg Config, b *bus.Bus) *lanes {
	return &lanes{
		backlog: b.NewBacklog(bus.StreamDeliveries, string(bus.LaneFresh)),
		shares:  share.New(), most: int64(cfg.FreshBacklog),
	}
}

// choose is the lane for n deliveries of a tenant that are made together.
func (l *lanes) choose(tenant string, n int, now time.Time) bus.Lane {
	heavy := l.shares.Add(tenant, n, now)
	if heavy && l.backlog.Pending()+int64(n) > l.most {
		return bus.LaneBulk
	}
	l.backlog.Add(n)
	return bus.LaneFresh
}
