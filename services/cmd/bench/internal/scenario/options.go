package scenario

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Options is what is measured, for all scenarios.
type Options struct {
	Binary   string  // of Posthaste
	Embedded bool    // NATS and Redis inside of Posthaste
	Seconds  float64 // how long each measurement lasts; 0 for the scenario's own
	Payload  int     // bytes of an event's data
	Clients  int     // producers at once, in floods
	Rate     int     // events a second where latency is measured
	Alike    time.Duration
	Profile  string // file of a CPU profile
	Progress io.Writer

	Fanouts, Batches []int // flood
	Backlog          int   // backlog: deliveries for the dead endpoint
	Dead             string
	Capacity         int // backlog: POSTs a second that the recovered endpoint takes
	Drain            time.Duration
	Burst            int // burst: events at once
	Waiting          int // waiting: deliveries in the delay line
	Lane             bool
	Subscriptions    int // index
}

// How the dead endpoint of the scenario backlog fails.
const (
	DeadError  = "500"    // answers 500
	DeadRefuse = "refuse" // refuses connections
	DeadAway   = "503"    // answers 503, and all are to come back at the same moment
)

// Validate names the first option that cannot work, by its flag.
func (o *Options) Validate() error {
	for _, n := range []struct {
		flag string
		n    int
	}{
		{"payload", o.Payload},
		{"clients", o.Clients},
		{"rate", o.Rate},
		{"backlog", o.Backlog},
		{"capacity", o.Capacity},
		{"burst", o.Burst},
		{"waiting", o.Waiting},
		{"subscriptions", o.Subscriptions},
	} {
		if n.n < 1 {
			return fmt.Errorf("-%s: must be above 0, is %d", n.flag, n.n)
		}
	}
	ways := []string{DeadError, DeadRefuse, DeadAway}
	switch {
	case o.Seconds < 0 || o.Seconds > 600:
		return fmt.Errorf("-seconds: must be from 0 to 600, is %g", o.Seconds)
	case o.Payload > 200<<10:
		return fmt.Errorf("-payload: must be at most %d, is %d: Posthaste takes events of 256 KiB", 200<<10, o.Payload)
	case o.Drain <= 0:
		return fmt.Errorf("-drain: must be above 0, is %s", o.Drain)
	case !slices.Contains(ways, o.Dead):
		return fmt.Errorf("-dead: must be one of %s, is %q", strings.Join(ways, ", "), o.Dead)
	case len(o.Fanouts) == 0 || len(o.Batches) == 0:
		return errors.New("-fanout and -batch: name at least one number each")
	}
	return nil
}

// lasting is how long a measurement lasts whose own time is given.
func (o *Options) lasting(own time.Duration) time.Duration {
	if o.Seconds == 0 {
		return own
	}
	return time.Duration(o.Seconds * float64(time.Second))
}
