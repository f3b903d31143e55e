package ledger

import (
	"fmt"
	"slices"
	"time"
)

const (
	// Tolerance is how much before its time an attempt may come.
	Tolerance = 50 * time.Millisecond
	// MostTwice is the part of all deliveries that may arrive twice, beside
	// those in flight when something was killed.
	MostTwice = 0.001
	// FewTwice may in any case: of a short run, a thousandth is a handful.
	FewTwice = 10
)

// Result is what a check found.
type Result struct {
	Sent, Accepted, Taken int // events; taken are the accepted, and others that are in all the same
	Deliveries            int // that the events taken come to
	Delivered             int // of them arrived
	Failed                int // did not, and the history says so after every attempt
	// Lost are deliveries that did not arrive, and of which the history does not
	// say so.
	Lost []Finding
	// GivenUp failed before their last attempt.
	GivenUp []Finding
	// Twice counts arrivals beyond the first; InFlight those among them that a
	// fault explains.
	Twice, InFlight int
	TwiceAre        []Finding // those that none does
	Early           []Finding // attempts before their time
	Forged          []Finding
	// Unbalanced are deliveries of which the history says what is not so.
	Unbalanced []Finding
	// Late is how long after its time each attempt came, but the first ones,
	// and First how long after the event was accepted those did.
	Late, First []time.Duration
}

// Finding is a delivery with something wrong.
type Finding struct {
	Key
	What string
}

// String is one line.
func (f Finding) String() string { return f.Event + " for " + f.Subscription + ": " + f.What }

// Check holds everything against everything.
func Check(in Input) *Result {
	r := &Result{Sent: len(in.Events)}
	arrivals, taken := in.arrivals(), in.taken()
	r.Taken = len(taken)
	known := make(map[Key]bool)
	for _, e := range in.Events {
		if e.Accepted {
			r.Accepted++
		}
		if _, ok := taken[e.ID]; !ok {
			continue
		}
		for _, s := range in.Subscriptions {
			if s.Wants(e) {
				key := Key{e.ID, s.Name}
				known[key] = true
				r.delivery(e, s, arrivals[key], in)
			}
		}
	}
	for _, a := range in.Arrivals {
		if a.Forged {
			r.Forged = append(r.Forged, Finding{a.Key, "the signature is wrong"})
		}
		if !known[a.Key] {
			r.Unbalanced = append(r.Unbalanced, Finding{a.Key, "arrived, and nobody wants it"})
		}
	}
	for key := range in.History {
		if !known[key] {
			r.Unbalanced = append(r.Unbalanced, Finding{key, "is in the history, and nobody wants it"})
		}
	}
	return r
}

func (r *Result) delivery(e Event, s Subscription, list []Arrival, in Input) {
	key := Key{e.ID, s.Name}
	told, known := in.History[key]
	r.Deliveries++
	r.times(e, s, list)
	if slices.ContainsFunc(list, Arrival.took) {
		r.Delivered++
		r.twice(key, s, list, in.Windows)
		if told.Status != Delivered && (told.Status != Failed || !explained(s, list, in.Windows)) {
			r.Unbalanced = append(r.Unbalanced, Finding{key, "arrived; the history has " + named(told, known)})
		}
		return
	}
	if told.Status != Failed {
		what := fmt.Sprintf("did not arrive (%d POSTs); the history has %s", len(list), named(told, known))
		r.Lost = append(r.Lost, Finding{key, what})
		return
	}
	r.Failed++
	for n := range len(s.Delays) + 1 {
		if !slices.Contains(told.Posted, n+1) {
			r.GivenUp = append(r.GivenUp, Finding{key, fmt.Sprintf("failed (%s) without attempt %d of %d; it had %v", told.Reason, n+1, len(s.Delays)+1, told.Posted)})
			return
		}
	}
}

func named(o Outcome, known bool) string {
	if !known {
		return "nothing"
	}
	return o.Status + " (" + o.Reason + ")"
}

// times looks when the attempts came. Each waits from the answer to the one
// before; where that came several times, from the first.
func (r *Result) times(e Event, s Subscription, list []Arrival) {
	if len(list) > 0 && e.Accepted {
		r.First = append(r.First, max(0, list[0].At.Sub(e.At)))
	}
	answered := make(map[int]time.Time)
	for _, a := range list {
		if at, ok := answered[a.Attempt]; !ok || a.Answered.Before(at) {
			answered[a.Attempt] = a.Answered
		}
	}
	seen := make(map[int]bool)
	for _, a := range list {
		before, ok := answered[a.Attempt-1]
		if !ok || a.Attempt-2 >= len(s.Delays) || a.Attempt < 2 || seen[a.Attempt] {
			continue
		}
		seen[a.Attempt] = true
		late := a.At.Sub(before.Add(s.Delays[a.Attempt-2]))
		if late < -Tolerance {
			r.Early = append(r.Early, Finding{a.Key, fmt.Sprintf("attempt %d came %s before its time", a.Attempt, -late)})
		}
		r.Late = append(r.Late, max(0, late))
	}
}

// Violations are the promises that were broken; none where all is well.
func (r *Result) Violations() []string {
	var all []string
	for _, each := range []struct {
		what  string
		found []Finding
	}{
		{"lost", r.Lost},
		{"given up too early", r.GivenUp},
		{"attempts before their time", r.Early},
		{"not verified", r.Forged},
		{"not as the history has it", r.Unbalanced},
	} {
		if n := len(each.found); n > 0 {
			all = append(all, fmt.Sprintf("%d %s", n, each.what))
		}
	}
	if n := r.Twice - r.InFlight; float64(n) > max(FewTwice, MostTwice*float64(r.Deliveries)) {
		all = append(all, fmt.Sprintf("%d of %d arrived twice, more than %g %%", n, r.Deliveries, 100*MostTwice))
	}
	return all
}

// Findings are all, the worst first.
func (r *Result) Findings() []Finding {
	return slices.Concat(r.Lost, r.GivenUp, r.Early, r.Forged, r.Unbalanced, r.TwiceAre)
}
