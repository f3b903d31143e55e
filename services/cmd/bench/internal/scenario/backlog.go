package scenario

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/posthaste/posthaste/services/cmd/bench/internal/load"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/receiver"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/report"
)

const (
	// others is how many healthy endpoints stand beside the dead one.
	others = 5
	// besideMost is what the p99 of the others may be, in seconds.
	besideMost = 0.030
	// endpointMost is how many POSTs to one subscription a dispatcher makes at
	// once by default.
	endpointMost = 64
	// places is how many requests the recovered endpoint works on at once.
	places = 16
)

// dead is an endpoint that fails, then recovers, and the others beside it.
type dead struct {
	*site
	endpoint *receiver.Endpoint
	source   *load.Source
	fresh    []*load.Source
	warm     int
	wait     time.Duration // of its retries
	others   *report.Table
}

// backlog builds a backlog for a dead endpoint, and lets it recover.
func backlog(ctx context.Context, w *world) error {
	s, err := w.start(ctx, "backlog", 1+others)
	if err != nil {
		return err
	}
	defer s.close()
	d := &dead{site: s, endpoint: s.endpoints[0], wait: w.retryAfter()}
	if err := d.prepare(ctx); err != nil {
		return err
	}
	d.others = w.sheet.Table(fmt.Sprintf("%d healthy endpoints, %d events/s together", others, w.Rate), "backlog of the other", "p50", "p99", "max", "lost", coresColumn)
	if err := d.beside(ctx, "none", after(w.lasting(20*time.Second)/4)); err != nil {
		return err
	}
	if err := d.build(ctx); err != nil {
		return fmt.Errorf("build the backlog: %w", err)
	}
	if err := d.beside(ctx, "waits", after(w.lasting(20*time.Second))); err != nil {
		return err
	}
	return d.recover(ctx)
}

// retryAfter is a tier that is longer than it takes to build the backlog and
// to measure beside it, so that all becomes due after the recovery.
func (w *world) retryAfter() time.Duration {
	need := time.Duration(w.Backlog/2500)*time.Second + w.lasting(20*time.Second) + 5*time.Second
	for _, tier := range []time.Duration{30 * time.Second, 60 * time.Second, 90 * time.Second} {
		if need <= tier {
			return tier
		}
	}
	return 300 * time.Second
}

func (d *dead) prepare(ctx context.Context) error {
	d.source = load.NewSource("dead", "bench.event", d.w.Payload)
	sources := []*load.Source{d.source}
	for i := range others {
		sources = append(sources, load.NewSource(fmt.Sprintf("tenant-%d", i), "bench.event", d.w.Payload))
	}
	delays := make([]string, 20)
	for i := range delays {
		delays[i] = d.wait.String()
	}
	_, err := d.subscribe(ctx, len(sources), func(i int) load.Subscription {
		wish := load.Subscription{Tenant: sources[i].Tenant, URL: d.endpoints[i].URL(0), Type: sources[i].Type}
		if i == 0 {
			wish.Delays = delays
		}
		return wish
	})
	if err != nil {
		return err
	}
	if err := d.site.warm(ctx, sources, 200); err != nil {
		return err
	}
	d.fresh, d.warm = sources[1:], d.source.Made()
	return nil
}

// fail makes the endpoint fail as was asked for.
func (d *dead) fail() {
	switch d.w.Dead {
	case DeadRefuse:
		d.endpoint.Refuse()
	case DeadAway:
		d.endpoint.Behave(receiver.Behaviour{Status: http.StatusServiceUnavailable, RetryAt: time.Now().Add(d.wait)})
	default:
		d.endpoint.Behave(receiver.Behaviour{Status: http.StatusInternalServerError})
	}
}

// build publishes the events of the dead endpoint and waits until each has
// been tried or put off.
func (d *dead) build(ctx context.Context) error {
	d.w.say("backlog of %d, endpoint: %s, retries after %s", d.w.Backlog, d.w.Dead, d.wait)
	d.fail()
	begin := time.Now()
	if err := d.producer.Flood(ctx, d.source, d.w.Backlog, burstBatch, burstConnections); err != nil {
		return err
	}
	if err := d.emptied(ctx, 2*time.Minute); err != nil {
		return err
	}
	deferrals, err := d.Counter(ctx, deferralsCounter)
	if err != nil {
		return err
	}
	took := time.Since(begin)
	table := d.w.sheet.Table("building", "backlog", "took", "rate", "POSTs to it", "deferrals for each")
	table.Row(report.Num(d.w.Backlog).String(), report.Took(took), report.Per(d.w.Backlog, took), report.Num(d.endpoint.Posts()),
		report.Num(float64(deferrals.Sum())/float64(d.w.Backlog)))
	return nil
}

// beside measures the others until the time is over.
func (d *dead) beside(ctx context.Context, phase string, until <-chan struct{}) error {
	d.w.say("others, while the backlog: %s", phase)
	for _, e := range d.endpoints[1:] {
		e.Reset(0)
	}
	made := d.fresh[0].Made()
	for _, source := range d.fresh[1:] {
		source.Skip(made) // all have the same number, so that they can be told from those before
	}
	cores := d.cores()
	if err := d.producer.Pace(ctx, until, 0, float64(d.w.Rate), d.fresh...); err != nil {
		return err
	}
	busy := cores()
	found, err := farings(ctx, d.endpoints[1:], d.fresh, made)
	if err != nil {
		return err
	}
	d.others.Row(phase, found.p50(), found.p99(), found.max(), found.lost, busy)
	d.w.sheet.Goal(report.Most("others while the backlog: "+phase+", p99", found.p99(), besideMost))
	d.w.sheet.Goal(report.Most("others while the backlog: "+phase+", lost", found.lost, 0))
	return nil
}

// recover lets the endpoint answer again, as fast as its capacity allows, and
// measures how the backlog drains and how the others fare.
func (d *dead) recover(ctx context.Context) error {
	failed := d.endpoint.Posts()
	d.endpoint.Reset(d.w.Backlog)
	d.endpoint.Behave(receiver.Behaviour{
		Status: http.StatusNoContent, Places: places, After: places * time.Second / time.Duration(d.w.Capacity),
	})
	if d.w.Dead == DeadRefuse {
		if err := d.endpoint.Listen(ctx); err != nil {
			return err
		}
	}
	drained := make(chan struct{})
	var missing error
	go func() {
		defer close(drained)
		bounded, cancel := context.WithTimeoutCause(ctx, d.wait+d.w.Drain, errors.New("the time to drain is over"))
		defer cancel()
		missing = receiver.Await(bounded, d.w.Backlog, d.wait+patience, d.endpoint.Good)
	}()
	if err := d.beside(ctx, "drains", drained); err != nil {
		return err
	}
	<-drained
	if missing != nil && (!errors.Is(missing, receiver.ErrMissing) || ctx.Err() != nil) {
		return missing
	}
	d.tell(failed)
	return nil
}

// tell describes how the backlog drained.
func (d *dead) tell(failed int) {
	all := d.endpoint.Arrivals()
	first := all.First()
	left := report.Num(d.w.Backlog - len(first))
	table := d.w.sheet.Table("draining", "backlog", "arrived", "twice", "not yet", "took", "rate", "busiest 100 ms", "capacity", "at once, at most", "POSTs while dead")
	took := time.Duration(0)
	if len(first) > 0 {
		took = first.Last().Sub(first[0].At)
	}
	busiest := first.Busiest(100 * time.Millisecond)
	table.Row(report.Num(d.w.Backlog).String(), report.Num(len(first)), report.Num(len(all)-len(first)), left, report.Took(took), report.Per(len(first), took),
		busiest, report.Figure{Value: float64(d.w.Capacity), Unit: report.Rate}, report.Num(d.endpoint.Highest()), report.Num(failed))
	d.w.overTime("backlog", first)
	d.w.sheet.Goal(report.Most("POSTs at once to the recovered endpoint", report.Num(d.endpoint.Highest()), endpointMost))
	d.w.sheet.Goal(report.Most(fmt.Sprintf("backlog that has not arrived within %s of being due", d.w.Drain), left, 0))
}

// overTime is a table of ten slices of the time in which the deliveries came.
func (w *world) overTime(name string, all receiver.Arrivals) {
	if len(all) < 2 {
		return
	}
	const slices = 10
	begin := all[0].At
	took := all.Last().Sub(begin) + 1
	counts := make([]int, slices)
	for _, one := range all {
		counts[min(slices-1, int(one.At.Sub(begin)*slices/took))]++
	}
	table := w.sheet.Table("", name+" over time, from", "rate")
	for i, n := range counts {
		table.Row(report.Took(took*time.Duration(i)/slices).String(), report.Per(n, took/slices))
	}
}
