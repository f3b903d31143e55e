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

// neighbours is endpoints of which some are bad. Each belongs to a tenant of
// its own and has one subscription.
type neighbours struct {
	name      string
	endpoints int
	bad       int     // the first so many
	rate      float64 // events a second for each
	how       receiver.Behaviour
}

var (
	hangs  = receiver.Behaviour{Hang: true}
	fails  = receiver.Behaviour{Status: http.StatusInternalServerError}
	slow   = receiver.Behaviour{Status: http.StatusNoContent, After: 9 * time.Second}
	groups = [][]neighbours{
		{
			{"10 healthy", 10, 0, 50, receiver.Healthy},
			{"1 of 10 hangs", 10, 1, 50, hangs},
			{"1 of 10 answers 500", 10, 1, 50, fails},
			{"1 of 10 takes 9 s", 10, 1, 50, slow},
		},
		{
			{"100 healthy", 100, 0, 5, receiver.Healthy},
			{"50 of 100 hang", 100, 50, 5, hangs},
		},
	}
)

// isolation compares the healthy endpoints with themselves, where all are
// healthy and where some are not.
func isolation(ctx context.Context, w *world) error {
	table := w.sheet.Table("the healthy endpoints, publish to arrival", "endpoints", "events/s", "p50", "p99", "max", "lost", "twice", "deferrals for each event of the bad")
	for _, group := range groups {
		var reference fared
		for i, n := range group {
			found, err := w.neighbours(ctx, n, group[len(group)-1].bad)
			if err != nil {
				return fmt.Errorf("%s: %w", n.name, err)
			}
			table.Row(n.name, report.Figure{Value: n.rate * float64(n.endpoints), Unit: report.Rate},
				found.p50, found.p99, found.max, found.lost, found.twice, found.deferrals)
			if i == 0 {
				reference = found
			} else {
				w.compare(n.name, reference, found)
			}
			w.sheet.Goal(report.Most(n.name+", lost", found.lost, 0))
		}
	}
	return nil
}

// slower is how much slower a healthy endpoint's deliveries may be for what
// others do.
const slower = 1.5

func (w *world) compare(name string, reference, found fared) {
	alike := w.Alike.Seconds()
	w.sheet.Goal(report.Ratios{Reference: reference.p50, Found: found.p50, Most: slower, Alike: alike}.Goal(name + ", p50 of the healthy"))
	w.sheet.Goal(report.Ratios{Reference: reference.p99, Found: found.p99, Most: slower, Alike: alike}.Goal(name + ", p99 of the healthy"))
}

// fared is how the healthy endpoints fared.
type fared struct {
	p50, p99, max, lost, twice report.Figure
	deferrals                  report.Figure
}

// neighbours measures one variant on a stack of its own. What the first
// endpoints get does not count, be they bad or, in the reference, healthy.
func (w *world) neighbours(ctx context.Context, n neighbours, aside int) (fared, error) {
	w.say("%s, %.0f events/s each, %s", n.name, n.rate, w.lasting(20*time.Second))
	s, err := w.start(ctx, n.name, n.endpoints)
	if err != nil {
		return fared{}, err
	}
	defer s.close()
	sources, err := s.neighbourhood(ctx)
	if err != nil {
		return fared{}, err
	}
	for _, e := range s.endpoints[:n.bad] {
		e.Behave(n.how)
	}
	warm := sources[0].Made()
	if err := s.producer.Pace(ctx, after(w.lasting(20*time.Second)), 0, n.rate*float64(n.endpoints), sources...); err != nil {
		return fared{}, err
	}
	aside = max(aside, n.bad)
	found, err := farings(ctx, s.endpoints[aside:], sources[aside:], warm)
	if err != nil {
		return fared{}, err
	}
	deferrals, err := s.Counter(ctx, deferralsCounter)
	if err != nil {
		return fared{}, err
	}
	events := 0
	for _, source := range sources[:n.bad] {
		events += source.Made() - warm
	}
	found.deferrals = report.Num(float64(deferrals.Sum()) / float64(events))
	return found, nil
}

// neighbourhood gives each endpoint a tenant with a subscription and a source,
// and warms all up.
func (s *site) neighbourhood(ctx context.Context) ([]*load.Source, error) {
	sources := make([]*load.Source, len(s.endpoints))
	for i := range sources {
		sources[i] = load.NewSource(fmt.Sprintf("tenant-%d", i), "bench.event", s.w.Payload)
	}
	ids, err := s.subscribe(ctx, len(sources), func(i int) load.Subscription {
		return load.Subscription{Tenant: sources[i].Tenant, URL: s.endpoints[i].URL(0), Type: sources[i].Type}
	})
	if err != nil {
		return nil, err
	}
	s.ids = ids
	return sources, s.warm(ctx, sources, max(10, 1000/len(sources)))
}

// farings waits for what is still to come to the endpoints of the sources,
// after the first so many events of each.
func farings(ctx context.Context, endpoints []*receiver.Endpoint, sources []*load.Source, warm int) (fared, error) {
	expected := 0
	for _, source := range sources {
		expected += source.Made() - warm
	}
	// A delivery that comes twice would stand for one that does not come at all
	// only in what is waited for; the lost are counted by number.
	err := receiver.Await(ctx, expected, patience/2, func() (n int) {
		for _, e := range endpoints {
			n += e.Good()
		}
		return n
	})
	if err != nil && !errors.Is(err, receiver.ErrMissing) {
		return fared{}, err
	}
	var all receiver.Arrivals
	came := 0
	for _, e := range endpoints {
		arrivals := e.Arrivals()
		came += len(arrivals)
		all = append(all, arrivals.First()...)
	}
	ages := all.Ages()
	return fared{
		p50: ages.Quantile(0.5), p99: ages.Quantile(0.99), max: ages.Max(),
		lost: report.Num(expected - len(all)), twice: report.Num(came - len(all)),
	}, nil
}
