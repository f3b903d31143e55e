package dispatcher

import (
	"context"
	"time"

	"github.com/posthaste/posthaste/services/internal/pressure"
)

// yield bounds how much of a lane that can wait is under way while the process
// has more to do than its CPUs allow. More would not make the lane faster, and
// what is fresh would stand in line behind it. Not safe for concurrent use.
type yield struct {
	busy        func() bool
	least, most int
	limit       int
	looked      time.Time
}

func newYield(most int) *yield {
	return &yield{busy: pressure.New().Busy, least: max(1, most/yieldShare), most: most, limit: most}
}

const (
	// yieldShare of its places a lane keeps however busy the process is.
	yieldShare = 16
	// yieldLook is how often the limit is set anew: halved while the process is
	// busy, and raised by a step while it is not.
	yieldLook = 50 * time.Millisecond
	// yieldWait is how often a lane that waits looks whether it may go on.
	yieldWait = 500 * time.Microsecond
)

// await returns when fewer than the limit are under way, or ctx ends.
func (y *yield) await(ctx context.Context, now func() time.Time, underWay func() int) {
	if underWay() < y.current(now()) {
		return
	}
	ticker := time.NewTicker(yieldWait)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if underWay() < y.current(now()) {
				return
			}
		}
	}
}

func (y *yield) current(now time.Time) int {
	if now.Sub(y.looked) >= yieldLook {
		y.looked = now
		if y.busy() {
			y.limit = max(y.least, y.limit/2)
		} else {
			y.limit = min(y.most, y.limit+y.least)
		}
	}
	return y.limit
}
