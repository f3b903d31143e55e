package replay

import (
	"fmt"
	"time"

	"github.com/posthaste/posthaste/services/internal/eventlog"
)

// Config bounds what replays take from the deliveries of the day.
type Config struct {
	Concurrency int           `name:"replay-concurrency" group:"Replays" unit:"count" help:"Batches of replays that one control makes at the same time. Any number of replays share them; one that waits for its rate holds none." default:"4"`
	Batch       int           `name:"replay-batch" group:"Replays" unit:"count" help:"Events of a batch. After each a replay notes how far it is." default:"500"`
	Lease       time.Duration `name:"replay-lease" group:"Replays" unit:"duration" help:"How long a replay stays with a control that fell silent before another takes over." default:"30s"`
	MaxPending  int           `name:"replay-max-pending" group:"Replays" unit:"count" help:"Deliveries waiting in the lane due at which replays pause." default:"20000"`
	CountTime   time.Duration `name:"replay-count-time" group:"Replays" unit:"duration" help:"How long a dry run may count." default:"5s"`
}

// Validate names the first setting that cannot work.
func (c *Config) Validate() error {
	switch {
	case c.Concurrency < 1:
		return fmt.Errorf("replay-concurrency: must be at least 1, is %d", c.Concurrency)
	case c.Batch < 1 || c.Batch > eventlog.MaxPage:
		return fmt.Errorf("replay-batch: must be from 1 to %d, is %d", eventlog.MaxPage, c.Batch)
	case c.Lease < time.Second:
		return fmt.Errorf("replay-lease: must be at least 1s, is %s", c.Lease)
	case c.MaxPending < 1:
		return fmt.Errorf("replay-max-pending: must be at least 1, is %d", c.MaxPending)
	case c.CountTime < time.Millisecond:
		return fmt.Errorf("replay-count-time: must be at least 1ms, is %s", c.CountTime)
	}
	return nil
}
