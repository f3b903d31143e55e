package ledger

import (
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/services/cmd/chaos/internal/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var begin = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// after is a time in seconds after the beginning.
func after(seconds float64) time.Time {
	return begin.Add(time.Duration(seconds * float64(time.Second)))
}

var (
	key   = Key{"e1", "t1/steady"}
	other = Key{"e1", "t1/picky"}
)

// well is a run in which all is well: one event, that one receiver takes at the
// second attempt, and another one never.
func well() Input {
	return Input{
		Events: []Event{
			{ID: "e1", Tenant: "t1", Type: "task.done", Accepted: true, Poison: true, At: begin},
			{ID: "e2", Tenant: "t1", Type: "task.done"}, // refused, and not in
		},
		Subscriptions: []Subscription{
			{Name: key.Subscription, Tenant: "t1", Types: []string{"*"}, Endpoint: "steady", Delays: []time.Duration{time.Second, 2 * time.Second}},
			{Name: other.Subscription, Tenant: "t1", Types: []string{"task.*"}, Endpoint: "picky", Delays: []time.Duration{time.Second}},
			{Name: "t1/order", Tenant: "t1", Types: []string{"order.*"}},
			{Name: "t2/steady", Tenant: "t2", Types: []string{"*"}},
		},
		Arrivals: []Arrival{
			post(key, 1, 500, 1), post(key, 2, 200, 2.1),
			post(other, 1, 500, 1), post(other, 2, 500, 2.1),
		},
		History: map[Key]Outcome{key: {Status: Delivered}, other: {Status: Failed, Posted: []int{1, 2}}},
	}
}

// post is answered 100 ms after it came.
func post(k Key, attempt, status int, at float64) Arrival {
	_, endpoint, _ := strings.Cut(k.Subscription, "/")
	return Arrival{Key: k, Endpoint: endpoint, Attempt: attempt, Status: status, At: after(at), Answered: after(at + 0.1)}
}

func window(name string, from, to float64) Window {
	kind, target, _ := strings.Cut(name, ":")
	w := Window{Fault: fault.Fault{Kind: fault.Kind(kind), Target: fault.Target(target)}, Where: "steady", From: after(from), To: after(to)}
	if name == "kill:dispatcher" {
		w.Kills = []time.Time{w.From}
	}
	return w
}

func TestWell(t *testing.T) {
	t.Parallel()
	r := Check(well())
	if v := r.Violations(); len(v) > 0 || len(r.Findings()) > 0 {
		t.Errorf("violations %v, findings %v", v, r.Findings())
	}
	if r.Sent != 2 || r.Accepted != 1 || r.Taken != 1 || r.Deliveries != 2 || r.Delivered != 1 || r.Failed != 1 {
		t.Errorf("%+v", r)
	}
	if len(r.Late) != 2 || r.Late[0].Round(time.Millisecond) != 0 || len(r.First) != 2 || r.First[0] != time.Second {
		t.Errorf("late %v, first %v", r.Late, r.First)
	}
}

// A checker that finds nothing proves nothing until it has found each thing.
func TestFinds(t *testing.T) {
	t.Parallel()
	without := func(in *Input, k Key) {
		in.Arrivals = slices.DeleteFunc(in.Arrivals, func(a Arrival) bool { return a.Key == k })
	}
	for name, c := range map[string]struct {
		breaks func(*Input)
		want   string // "" for nothing
	}{
		"neither arrived nor in the history": {func(in *Input) { without(in, key); delete(in.History, key) }, "1 lost"},
		"the history says it did arrive":     {func(in *Input) { without(in, key) }, "1 lost"},
		"it still waits":                     {func(in *Input) { without(in, key); in.History[key] = Outcome{Status: Waiting} }, "1 lost"},
		"cancelled, which nobody asked for":  {func(in *Input) { without(in, key); in.History[key] = Outcome{Status: "cancelled"} }, "1 lost"},
		"arrived, and answered 500":          {func(in *Input) { in.Arrivals[1].Status = 500 }, "1 lost"},
		"failed, and told after each attempt": {func(in *Input) {
			without(in, key)
			in.History[key] = Outcome{Status: Failed, Posted: []int{3, 2, 1}}
		}, ""},
		"given up without having been tried": {func(in *Input) { in.History[other] = Outcome{Status: Failed} }, "1 given up"},
		"given up before the last attempt":   {func(in *Input) { in.History[other] = Outcome{Status: Failed, Posted: []int{1}} }, "1 given up"},
		"refused, and half of it is in": {func(in *Input) {
			k := Key{"e2", key.Subscription}
			in.Arrivals = append(in.Arrivals, post(k, 1, 200, 3))
			in.History[k] = Outcome{Status: Delivered}
		}, "1 lost"},
		"an attempt before its time":           {func(in *Input) { in.Arrivals[1].At = after(2.0) }, "1 attempts before"},
		"an attempt within the tolerance":      {func(in *Input) { in.Arrivals[1].At = after(2.06) }, ""},
		"a wrong signature":                    {func(in *Input) { in.Arrivals[0].Forged = true }, "1 not verified"},
		"arrived, and the history has nothing": {func(in *Input) { delete(in.History, key) }, "1 not as the history"},
		"arrived, and the history says failed": {func(in *Input) {
			in.History[key] = Outcome{Status: Failed, Posted: []int{1, 2, 3}}
		}, "1 not as the history"},
		"arrived, but the answer was cut off": {func(in *Input) {
			in.History[key] = Outcome{Status: Failed, Posted: []int{1, 2, 3}}
			in.Windows = []Window{window("cut:dispatcher>receiver", 2, 4)}
		}, ""},
		"for whom it is not": {func(in *Input) {
			in.Arrivals = append(in.Arrivals, post(Key{"e1", "t2/steady"}, 1, 200, 3))
		}, "1 not as the history"},
		"in the history, for whom it is not": {func(in *Input) { in.History[Key{"e1", "t2/steady"}] = Outcome{Status: Delivered} }, "1 not as the history"},
		"twice, more than a few": {func(in *Input) {
			for i := range FewTwice + 1 {
				in.Arrivals = append(in.Arrivals, post(key, 2, 200, 6+float64(i)))
			}
		}, "11 of 2 arrived twice"},
		"twice, as few may": {func(in *Input) {
			for i := range FewTwice {
				in.Arrivals = append(in.Arrivals, post(key, 2, 200, 6+float64(i)))
			}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := well()
			c.breaks(&in)
			r := Check(in)
			got := r.Violations()
			switch {
			case c.want == "" && len(got) > 0:
				t.Errorf("violations %v: %v", got, r.Findings())
			case c.want != "" && !slices.ContainsFunc(got, func(v string) bool { return strings.HasPrefix(v, c.want) }):
				t.Errorf("violations %v, want %s…", got, c.want)
			case c.want != "" && len(r.Findings()) == 0:
				t.Error("nothing is told of it")
			}
		})
	}
}

// What arrived twice, at 2.1 s and at 6 s, is explained by these faults and by no
// others.
func TestInFlight(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		window Window
		want   bool
	}{
		"its dispatcher was killed":                {window("kill:dispatcher", 2.3, 3), true},
		"a dispatcher was killed long after":       {window("kill:dispatcher", 4, 5), false},
		"a dispatcher was killed before":           {window("kill:dispatcher", 1, 3), false},
		"all were restarted, and none killed then": {window("restarts:dispatcher", 1, 3), false},
		"it was stopped with the answer":           {window("stop:dispatcher", 2.2, 5), true},
		"the second had it in hand at a stop":      {window("stop:dispatcher", 1, 5.8), true},
		"a dispatcher was stopped in between":      {window("stop:dispatcher", 3, 4), false},
		"the answer was cut off":                   {window("cut:dispatcher>receiver", 2.15, 3), true},
		"the receiver was cut off long after":      {window("cut:dispatcher>receiver", 3, 4), false},
		"Redis was emptied":                        {window("flush:redis", 4, 4), true},
		"Redis was emptied after both":             {window("flush:redis", 8, 8), false},
		"Redis was away at the first, or not yet":  {window("kill:redis", 0, 0.5), true},
		"Redis was cut off":                        {window("cut:dispatcher>redis", 3, 4), true},
		"NATS was killed":                          {window("kill:nats", 2.1, 5), false},
		"a router was killed":                      {window("kill:router", 2.1, 5), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := well()
			in.Arrivals = append(in.Arrivals, post(key, 2, 200, 6))
			in.Windows = []Window{c.window}
			r := Check(in)
			if r.Twice != 1 || (r.InFlight == 1) != c.want {
				t.Errorf("%d twice, %d of them in flight", r.Twice, r.InFlight)
			}
		})
	}
	in := well()
	in.Arrivals = append(in.Arrivals, post(key, 2, 200, 6))
	in.Windows = []Window{window("cut:dispatcher>receiver", 2.15, 3)}
	in.Windows[0].Where = "slow"
	if r := Check(in); r.InFlight != 0 {
		t.Error("another receiver's fault explains it")
	}
}

func TestWants(t *testing.T) {
	t.Parallel()
	e := Event{Tenant: "t", Type: "order.paid"}
	for pattern, want := range map[string]bool{"*": true, "order.*": true, "order.paid": true, "order": false, "order.paid.*": false, "task.*": false} {
		if got := (Subscription{Tenant: "t", Types: []string{pattern}}).Wants(e); got != want {
			t.Errorf("%s wants it: %t", pattern, got)
		}
	}
	if (Subscription{Tenant: "u", Types: []string{"*"}}).Wants(e) {
		t.Error("another tenant gets it")
	}
}
