// Package scenario holds what the bench measures: each scenario starts fresh
// stacks, puts load on them, and fills a sheet.
package scenario

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/posthaste/posthaste/services/cmd/bench/internal/report"
)

// Scenario is one thing to measure.
type Scenario struct {
	Name  string
	About string
	Takes string // with the defaults
	// Quick ones run where none are named.
	Quick bool
	// limit ends a run that does not end by itself.
	limit time.Duration
	run   func(ctx context.Context, w *world) error
}

// All are the scenarios, in the order in which they run by default.
var All = []Scenario{
	{"flood", "how many deliveries a second, by fan-out and batch, beside the bare loop", "100 s", true, 15 * time.Minute, flood},
	{"latency", "publish to arrival at a steady rate", "12 s", true, 15 * time.Minute, latency},
	{"burst", "one tenant publishes 100,000 events at once, another a few a second", "60 s", true, 15 * time.Minute, burst},
	{"fanout", "one event to 10,000 subscriptions; one of 256 KiB to 1,000", "15 s", true, 15 * time.Minute, fanout},
	{"isolation", "healthy endpoints beside some that hang, fail or are slow", "3 min", false, 30 * time.Minute, isolation},
	{"backlog", "100,000 deliveries for an endpoint that is dead, and then recovers", "4 min", false, 30 * time.Minute, backlog},
	{"waiting", "300,000 deliveries that wait in the delay line, with and without a kill of NATS", "6 min", false, 60 * time.Minute, waiting},
	{"index", "100,000 subscriptions: start, memory, latency", "40 s", false, 15 * time.Minute, index},
	{"telemetry", "what traces, metrics and logs over OTLP cost, and a collector that is dead", "60 s", false, 15 * time.Minute, telemetry},
}

// Names are those of all scenarios.
func Names() []string {
	names := make([]string, len(All))
	for i, s := range All {
		names[i] = s.Name
	}
	return names
}

// Pick finds the scenarios by their names, commas between; the quick ones
// where none is named.
func Pick(list string) (picked []Scenario, err error) {
	if list == "" {
		return slices.DeleteFunc(slices.Clone(All), func(s Scenario) bool { return !s.Quick }), nil
	}
	if list == "all" {
		return All, nil
	}
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		i := slices.IndexFunc(All, func(s Scenario) bool { return s.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("-scenario: there is no scenario %q; there are %s", name, strings.Join(Names(), ", "))
		}
		picked = append(picked, All[i])
	}
	return picked, nil
}

// Run measures once. The sheet is there also after an error, with what was
// found by then.
func (s Scenario) Run(ctx context.Context, o Options) (*report.Sheet, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.limit, fmt.Errorf("it took longer than %s", s.limit))
	defer cancel()
	w := newWorld(o)
	err := s.run(ctx, w)
	w.memory()
	if err != nil {
		return w.sheet, fmt.Errorf("scenario %s: %w", s.Name, err)
	}
	return w.sheet, nil
}
