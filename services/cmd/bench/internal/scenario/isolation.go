package scenario

import (
	"context"
	"fmt"
	"net/http"
	"time"

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
// healthy and where some are not. A machine's speed changes with what its
// neighbours do, so the reference is measured right before and right after,
// each for half the time.
func isolation(ctx context.Context, w *world) error {
	table := w.sheet.Table("the healthy endpoints, publish to arrival", "endpoints", "events/s", "p50", "p99", "max", "lost", "twice", "deferrals for each event of the bad")
	for _, group := range groups {
		reference, variants := group[0], group[1:]
		before, err := w.refer(ctx, table, reference, variants[0].bad)
		if err != nil {
			return err
		}
		for _, n := range variants {
			found, err := w.neighbours(ctx, n, n.bad, w.lasting(20*time.Second))
			if err != nil {
				return fmt.Errorf("%s: %w", n.name, err)
			}
			w.tellNeighbours(table, n, found)
			after, err := w.refer(ctx, table, reference, variants[0].bad)
			if err != nil {
				return err
			}
			w.compare(n.name, before.and(after), found)
			before = after
		}
	}
	return nil
}

// refer measures the reference without its first endpoints, which are those
// that are bad in the variants.
func (w *world) refer(ctx context.Context, table *report.Table, n neighbours, aside int) (fared, error) {
	found, err := w.neighbours(ctx, n, aside, w.lasting(20*time.Second)/2)
	if err != nil {
		return fared{}, fmt.Errorf("%s: %w", n.name, err)
	}
	w.tellNeighbours(table, n, found)
	return found, nil
}

func (w *world) tellNeighbours(table *report.Table, n neighbours, found fared) {
	table.Row(n.name, report.Figure{Value: n.rate * float64(n.endpoints), Unit: report.Rate},
		found.p50(), found.p99(), found.max(), found.lost, found.twice, found.deferrals)
	w.sheet.Note("%s: slowest %s", n.name, found.slowest)
	w.sheet.Goal(report.Most(n.name+", lost", found.lost, 0))
}

// slower is how much slower a healthy endpoint's deliveries may be for what
// others do.
const slower = 1.5

func (w *world) compare(name string, reference, found fared) {
	alike := w.Alike.Seconds()
	w.sheet.Goal(report.Ratios{Reference: reference.p50(), Found: found.p50(), Most: slower, Alike: alike}.Goal(name + ", p50 of the healthy"))
	w.sheet.Goal(report.Ratios{Reference: reference.p99(), Found: found.p99(), Most: slower, Alike: alike}.Goal(name + ", p99 of the healthy"))
}

// neighbours measures one variant on a stack of its own. What the first
// endpoints get does not count, be they bad or, in the reference, healthy.
func (w *world) neighbours(ctx context.Context, n neighbours, aside int, lasts time.Duration) (fared, error) {
	w.say("%s, %.0f events/s each, %s", n.name, n.rate, lasts)
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
	if err := s.producer.Pace(ctx, after(lasts), 0, n.rate*float64(n.endpoints), sources...); err != nil {
		return fared{}, err
	}
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
