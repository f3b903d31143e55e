package ledger

import (
	"fmt"
	"slices"
	"time"

	"github.com/posthaste/posthaste/services/cmd/chaos/internal/fault"
)

// twice counts what arrived more than once.
func (r *Result) twice(key Key, s Subscription, list []Arrival, windows []Window) {
	var first *Arrival
	for i, a := range list {
		switch {
		case !a.took():
		case first == nil:
			first = &list[i]
		default:
			r.Twice++
			if inFlight(s, *first, a, windows) {
				r.InFlight++
				continue
			}
			what := fmt.Sprintf("arrived at %s and again after %s, as attempt %d and %d",
				first.At.UTC().Format("15:04:05.000"), a.At.Sub(first.At).Round(time.Millisecond), first.Attempt, a.Attempt)
			r.TwiceAre = append(r.TwiceAre, Finding{key, what})
		}
	}
}

// explained says whether an answer of the delivery may not have reached its
// dispatcher.
func explained(s Subscription, list []Arrival, windows []Window) bool {
	return slices.ContainsFunc(list, func(a Arrival) bool {
		return a.took() && slices.ContainsFunc(windows, func(w Window) bool { return cutsOff(s, a, w) })
	})
}

// inFlight estimates whether a fault explains that a delivery was taken twice. It
// is meant to err on the strict side: faults of NATS, routers, ingest and control
// explain nothing, for the dedup key stops what they repeat.
func inFlight(s Subscription, first, second Arrival, windows []Window) bool {
	return slices.ContainsFunc(windows, func(w Window) bool {
		return cutsOff(s, first, w) || forgets(first, second, w) || overtakes(first, second, w)
	})
}

// margin is how long after its answer a delivery may still be on its way into
// Redis, on a busy machine.
const margin = 500 * time.Millisecond

// onTheWay is how long a POST of a process that is killed may take to arrive.
const onTheWay = 100 * time.Millisecond

// cutsOff says that the dispatcher which made the first POST was killed, or cut
// off from the receiver, before it can have noted the answer.
func cutsOff(s Subscription, first Arrival, w Window) bool {
	if slices.ContainsFunc(w.Kills, func(at time.Time) bool { return overlap(first.At, first.Answered.Add(margin), at, at.Add(onTheWay)) }) {
		return true
	}
	switch w.Name() {
	case "cut:dispatcher>receiver", "slow:dispatcher>receiver", "reset:dispatcher>receiver":
		return w.Where == s.Endpoint && overlap(first.At, first.Answered.Add(margin), w.From, w.To)
	default:
		return false
	}
}

// recovery is until Redis is asked again when it is back: a probe a second, and
// its timeout.
const recovery = 2 * time.Second

// forgets says that Redis was away or emptied between the two POSTs.
func forgets(first, second Arrival, w Window) bool {
	if w.Target != fault.Redis && w.Target != fault.DispatcherRedis {
		return false
	}
	return overlap(first.Answered, second.At, w.From.Add(-margin), w.To.Add(recovery))
}

// overtakes says that a dispatcher was stopped while it had the delivery in
// hand: another one had it meanwhile.
func overtakes(first, second Arrival, w Window) bool {
	if w.Name() != "stop:dispatcher" {
		return false
	}
	// Either the POST was under way at the stop, or it was made at the end.
	return overlap(first.At, first.Answered.Add(margin), w.From, w.From) ||
		!first.At.Before(w.From) && overlap(second.At, second.At, w.To, w.To.Add(margin))
}

func overlap(from, to, otherFrom, otherTo time.Time) bool {
	return !to.Before(otherFrom) && !otherTo.Before(from)
}
