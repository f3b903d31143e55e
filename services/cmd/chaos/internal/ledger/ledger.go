// Package ledger holds what receivers have logged, and what the history says,
// against what was accepted. It is pure: no clock, no network.
package ledger

import (
	"slices"
	"strings"
	"time"

	"github.com/posthaste/posthaste/services/cmd/chaos/internal/fault"
)

// Event is one that a producer has sent.
type Event struct {
	ID, Tenant, Type string
	// Poison says that some receivers never take it.
	Poison bool
	// Accepted says that the producer was told so: by a 202, or a PubAck. Of the
	// others nobody knows whether they are in.
	Accepted bool
	// At is when it was accepted.
	At time.Time
}

// Subscription is one that events are delivered for.
type Subscription struct {
	Name     string // of its tenant and receiver: t1/steady
	Tenant   string
	Types    []string // exact, prefixes (order.*) or *
	Delays   []time.Duration
	Endpoint string
}

// Wants says whether the event is to be delivered for it.
func (s Subscription) Wants(e Event) bool {
	return e.Tenant == s.Tenant && slices.ContainsFunc(s.Types, func(t string) bool {
		prefix, all := strings.CutSuffix(t, "*")
		return t == e.Type || all && strings.HasPrefix(e.Type, prefix)
	})
}

// Key is a delivery: an event for a subscription, by its name.
type Key struct{ Event, Subscription string }

// Arrival is one POST, as its receiver saw it.
type Arrival struct {
	Key
	Endpoint     string
	Attempt      int // as the POST says
	At, Answered time.Time
	Status       int // that it was answered with
	// Forged says that it could not be verified, although the clock was right.
	Forged bool
}

func (a Arrival) took() bool { return a.Status >= 200 && a.Status < 300 }

// Outcome is what the history says of a delivery.
type Outcome struct {
	Status, Reason string
	// Posted are the numbers of its attempts that were POSTs. They are read for
	// deliveries that failed.
	Posted []int
}

// The statuses of an outcome.
const (
	Delivered = "delivered"
	Failed    = "failed"
	Waiting   = "waiting"
)

// Window is when a fault was in effect.
type Window struct {
	fault.Fault
	// Where is what it hit: a process, or a receiver.
	Where    string
	From, To time.Time
	// Kills are when it killed a dispatcher.
	Kills []time.Time
}

// Input is all that is known after a run.
type Input struct {
	Events        []Event
	Subscriptions []Subscription
	Arrivals      []Arrival
	History       map[Key]Outcome
	Windows       []Window
}

// taken are the events that are in: those that were accepted, and those of which
// anything was seen.
func (in *Input) taken() map[string]Event {
	seen := make(map[string]bool)
	for _, a := range in.Arrivals {
		seen[a.Event] = true
	}
	for key := range in.History {
		seen[key.Event] = true
	}
	taken := make(map[string]Event)
	for _, e := range in.Events {
		if e.Accepted || seen[e.ID] {
			taken[e.ID] = e
		}
	}
	return taken
}

// arrivals are those of each delivery, in the order of their coming.
func (in *Input) arrivals() map[Key][]Arrival {
	all := make(map[Key][]Arrival)
	for _, a := range in.Arrivals {
		all[a.Key] = append(all[a.Key], a)
	}
	for _, list := range all {
		slices.SortFunc(list, func(a, b Arrival) int { return a.At.Compare(b.At) })
	}
	return all
}
