package scenario

import (
	"context"
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
	if err := d.emptied(ctx, 2*time.Minute, routing, fresh); err != nil {
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
