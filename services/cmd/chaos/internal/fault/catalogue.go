package fault

import (
	"slices"
	"time"
)

// entry is a fault that can be drawn.
type entry struct {
	kind   Kind
	target Target
	// group is hit by one fault at a time.
	group string
	// least and most are how long it lasts.
	least, most time.Duration
	cluster     bool // only where there are several nodes
	disk        bool // only where a disk can be filled
}

const ms = time.Millisecond

// Durations straddle what Posthaste waits for: its AckWait of 3 s here, the
// elections of a cluster, the circuit around Redis.
var catalogue = []entry{
	{kind: Kill, target: Ingest, group: "ingest", least: 100 * ms, most: 1500 * ms},
	{kind: Kill, target: Router, group: "router", least: 100 * ms, most: 4000 * ms},
	{kind: Kill, target: Dispatcher, group: "dispatcher", least: 100 * ms, most: 4000 * ms},
	{kind: Kill, target: Control, group: "control", least: 100 * ms, most: 2000 * ms},
	{kind: Stop, target: Ingest, group: "ingest", least: 300 * ms, most: 4000 * ms},
	{kind: Stop, target: Router, group: "router", least: 300 * ms, most: 6000 * ms},
	{kind: Stop, target: Dispatcher, group: "dispatcher", least: 300 * ms, most: 6000 * ms},
	{kind: Stop, target: Control, group: "control", least: 300 * ms, most: 6000 * ms},
	{kind: Restarts, target: Dispatcher, group: "dispatcher", least: 4000 * ms, most: 6000 * ms},

	{kind: Kill, target: NATS, group: "nats", least: 100 * ms, most: 3000 * ms},
	{kind: Stop, target: NATS, group: "nats", least: 300 * ms, most: 5000 * ms},
	{kind: Kill, target: Leader, group: "nats", least: 100 * ms, most: 6000 * ms, cluster: true},
	{kind: Stop, target: Leader, group: "nats", least: 300 * ms, most: 6000 * ms, cluster: true},
	{kind: DiskFull, target: NATS, group: "nats", least: 1000 * ms, most: 3000 * ms, disk: true},
	{kind: KickAll, target: NATS, group: "nats"},

	{kind: Kill, target: Redis, group: "redis", least: 100 * ms, most: 4000 * ms},
	{kind: Stop, target: Redis, group: "redis", least: 300 * ms, most: 4000 * ms},
	{kind: Flush, target: Redis, group: "redis"},

	{kind: Cut, target: IngestNATS, group: "ingest", least: 500 * ms, most: 4000 * ms},
	{kind: Cut, target: RouterNATS, group: "router", least: 500 * ms, most: 6000 * ms},
	{kind: Cut, target: DispatcherNATS, group: "dispatcher", least: 500 * ms, most: 6000 * ms},
	{kind: Cut, target: ControlNATS, group: "control", least: 500 * ms, most: 6000 * ms},
	{kind: Cut, target: DispatcherRedis, group: "redis", least: 500 * ms, most: 4000 * ms},
	{kind: Cut, target: ToReceiver, group: "receiver", least: 500 * ms, most: 4000 * ms},
	{kind: Slow, target: RouterNATS, group: "router", least: 1000 * ms, most: 5000 * ms},
	{kind: Slow, target: DispatcherNATS, group: "dispatcher", least: 1000 * ms, most: 5000 * ms},
	{kind: Slow, target: DispatcherRedis, group: "redis", least: 1000 * ms, most: 5000 * ms},
	{kind: Slow, target: ToReceiver, group: "receiver", least: 1000 * ms, most: 5000 * ms},
	{kind: Reset, target: DispatcherNATS, group: "dispatcher"},
	{kind: Reset, target: DispatcherRedis, group: "redis"},
	{kind: Reset, target: ToReceiver, group: "receiver"},

	{kind: Flap, target: Receiver, group: "receiver", least: 1000 * ms, most: 5000 * ms},
	{kind: Clock, target: Receiver, group: "receiver", least: 1000 * ms, most: 5000 * ms},
}

// Names are those of all faults, as -only takes them.
func Names() []string {
	names := make([]string, 0, len(catalogue))
	for _, e := range catalogue {
		names = append(names, e.name())
	}
	return names
}

// Known says whether there is such a fault.
func Known(name string) bool { return slices.Contains(Names(), name) }

func (e entry) name() string { return Fault{Kind: e.kind, Target: e.target}.Name() }
