package scenario

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/posthaste/posthaste/services/cmd/bench/internal/load"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/receiver"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/report"
)

// fared is how the healthy endpoints fared.
type fared struct {
	ages        report.Times
	lost, twice report.Figure
	deferrals   report.Figure
	// slowest says when it was slowest.
	slowest string
}

func (f fared) p50() report.Figure { return f.ages.Quantile(0.5) }
func (f fared) p99() report.Figure { return f.ages.Quantile(0.99) }
func (f fared) max() report.Figure { return f.ages.Max() }

// and is both together.
func (f fared) and(other fared) fared {
	return fared{ages: report.Sorted(slices.Concat(f.ages, other.ages))}
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
	return fared{slowest: all.Slowest(3), ages: all.Ages(), lost: report.Num(expected - len(all)), twice: report.Num(came - len(all))}, nil
}
