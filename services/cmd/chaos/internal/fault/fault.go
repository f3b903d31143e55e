// Package fault says what goes wrong, and draws when. It does nothing itself:
// a seed gives the same schedule on every machine.
package fault

import (
	"fmt"
	"time"
)

// Kind is a way to go wrong.
type Kind string

// The kinds. What lasts ends after Fault.For.
const (
	Kill     Kind = "kill"      // SIGKILL; started again at the end
	Stop     Kind = "stop"      // SIGSTOP, and SIGCONT at the end
	Restarts Kind = "restarts"  // SIGKILL of all dispatchers, seven times in a row
	Flush    Kind = "flush"     // FLUSHALL of Redis
	Cut      Kind = "cut"       // nothing passes a link, and nobody is told
	Slow     Kind = "slow"      // everything takes longer through a link
	Reset    Kind = "reset"     // the connections of a link are closed, once
	KickAll  Kind = "kick-all"  // NATS stays up, and every client loses its connection
	Flap     Kind = "flap"      // a receiver answers 500
	Clock    Kind = "clock"     // a receiver's clock is wrong, so that it refuses what it verifies
	DiskFull Kind = "disk-full" // writes of a NATS node fail; it is started again when there is room
)

// Times is how often Restarts kills.
const Times = 7

// Target is what a fault hits.
type Target string

// Processes.
const (
	Ingest     Target = "ingest"
	Router     Target = "router"
	Dispatcher Target = "dispatcher"
	Control    Target = "control"
	NATS       Target = "nats"
	Leader     Target = "nats-leader" // the node that leads a stream
	Redis      Target = "redis"
	Receiver   Target = "receiver"
)

// Links: who connects, and to what.
const (
	IngestNATS      Target = "ingest>nats"
	RouterNATS      Target = "router>nats"
	DispatcherNATS  Target = "dispatcher>nats"
	ControlNATS     Target = "control>nats"
	DispatcherRedis Target = "dispatcher>redis"
	ToReceiver      Target = "dispatcher>receiver"
)

// Fault is one thing that goes wrong.
type Fault struct {
	Kind   Kind
	Target Target
	// Index says which one where there are several, taken modulo their number.
	Index int
	// At is when it begins, after the load has.
	At time.Duration
	// For is how long it lasts, 0 where it is over at once.
	For time.Duration
}

// Name is kind and target, as -only takes them.
func (f Fault) Name() string { return string(f.Kind) + ":" + string(f.Target) }

// String tells the fault and when it is.
func (f Fault) String() string {
	text := fmt.Sprintf("%s %s", f.At.Round(100*time.Millisecond), f.Name())
	if f.For > 0 {
		text += " for " + f.For.Round(10*time.Millisecond).String()
	}
	return text
}
