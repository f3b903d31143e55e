// Package drill has what an operator does to a running system: upgrade it, scale
// it, change its settings. Nothing is lost by any of it.
package drill

import (
	"context"
	"fmt"
	"time"

	"github.com/posthaste/posthaste/services/cmd/chaos/internal/run"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/stack"
)

// Drill is one of them.
type Drill struct {
	Name, About string
	Act         run.Act
}

// All are the drills.
var All = []Drill{
	{"upgrade", "every service is told to end and started again, one after the other", upgrade},
	{"scale", "dispatchers from 1 to 8 and back, and how evenly 8 share the work", scale},
	{"limits", "every service is started again with other limits of the streams", limits},
}

// orderly is how long a service may take to end: its grace, and a little.
const orderly = 10 * time.Second

// renew ends a service in order and starts it again.
func renew(ctx context.Context, s *stack.Service) error {
	if err := s.Terminate(orderly); err != nil {
		return err
	}
	if err := s.Start(); err != nil {
		return err
	}
	return ready(ctx, s)
}

func ready(ctx context.Context, s *stack.Service) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := s.Ready(ctx)
		if err == nil {
			return nil
		}
		if pause(ctx, 50*time.Millisecond) != nil {
			return fmt.Errorf("%s is not ready: %w", s.Name, err)
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

const settleIn = 2 * time.Second

// upgrade renews all, twice: an upgrade, and back.
func upgrade(ctx context.Context, d *run.Drill) error {
	if err := pause(ctx, settleIn); err != nil {
		return err
	}
	for range 2 {
		for _, s := range d.Services() {
			if err := renew(ctx, s); err != nil {
				return err
			}
			if err := pause(ctx, 500*time.Millisecond); err != nil {
				return err
			}
		}
	}
	return pause(ctx, settleIn)
}

// limits renews all with other settings of the streams.
func limits(ctx context.Context, d *run.Drill) error {
	if err := pause(ctx, settleIn); err != nil {
		return err
	}
	for _, s := range d.Services() {
		s.Change(map[string]string{
			"POSTHASTE_EVENTS_MAX_AGE": "48h", "POSTHASTE_EVENTS_MAX_BYTES": "256MiB", "POSTHASTE_ATTEMPTS_MAX_AGE": "24h",
			"POSTHASTE_DEDUP_WINDOW": "90s", "POSTHASTE_ACK_WAIT": "4s",
			"POSTHASTE_LANE_MAX_ACK_PENDING": "1024", "POSTHASTE_ROUTER_MAX_ACK_PENDING": "256",
		})
		if err := renew(ctx, s); err != nil {
			return err
		}
		if err := pause(ctx, 500*time.Millisecond); err != nil {
			return err
		}
	}
	return pause(ctx, settleIn)
}
