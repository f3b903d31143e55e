package scenario

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/posthaste/posthaste/services/cmd/bench/internal/bare"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/load"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/receiver"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/report"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/stack"
)

// floodGoals are deliveries a second that are to be reached, by fan-out and
// batch.
var floodGoals = map[[2]int]float64{{1, 1}: 4000, {1, 100}: 6000, {10, 1}: 6000, {10, 100}: 6000}

// floodCPU is what one delivery may cost, in milliseconds of CPU of Posthaste,
// NATS and Redis together.
const floodCPU = 0.35

// flooded is what came of one flood.
type flooded struct {
	deliveries int
	took       time.Duration
	ages       report.Times
	usage      stack.Usage
}

func (f flooded) rate() report.Figure { return report.Per(f.deliveries, f.took) }

// flood floods a fresh stack for each fan-out and batch. A machine's speed
// changes with what its neighbours do, so the bare loop stands right before
// and right after.
func flood(ctx context.Context, w *world) error {
	table := w.sheet.Table("floods", "fan-out, batch", "deliveries/s", "of bare", "CPU/delivery", "p50", "p99", "bare loop", "its CPU", "peak all", "CPU/delivery of each")
	seconds := w.lasting(8 * time.Second).Seconds()
	before, err := bare.Measure(ctx, seconds/2, w.Payload)
	if err != nil {
		return err
	}
	for _, fanout := range w.Fanouts {
		for _, batch := range w.Batches {
			w.say("fan-out %d, batch %d", fanout, batch)
			found, err := w.floodFresh(ctx, fanout, batch, seconds)
			if err != nil {
				return fmt.Errorf("fan-out %d, batch %d: %w", fanout, batch, err)
			}
			after, err := bare.Measure(ctx, seconds/2, w.Payload)
			if err != nil {
				return err
			}
			w.tellFlood(table, fanout, batch, found, before.And(after))
			before = after
		}
	}
	return nil
}

func (w *world) tellFlood(table *report.Table, fanout, batch int, found flooded, loop bare.Result) {
	name := fmt.Sprintf("%d, %d", fanout, batch)
	flood := fmt.Sprintf("fan-out %d, batch %d, ", fanout, batch)
	cpu := bare.CPUEach(found.usage.CPU(), found.deliveries)
	table.Row(name, found.rate(), found.rate().In(loop.Rate(), report.Percent), cpu,
		found.ages.Quantile(0.5), found.ages.Quantile(0.99), loop.Rate(), loop.Each(), report.Size(found.usage.Peak()), parts(found))
	if goal, ok := floodGoals[[2]int{fanout, batch}]; ok {
		w.sheet.Goal(report.Least(flood+"deliveries a second", found.rate(), goal))
	}
	w.sheet.Goal(report.Most(flood+"CPU of a delivery", cpu, floodCPU))
}

// parts is the CPU of each process for one delivery.
func parts(f flooded) report.Text {
	texts := make([]string, len(f.usage))
	for i, part := range f.usage {
		texts[i] = part.Name + " " + strings.TrimSuffix(bare.CPUEach(part.CPU, f.deliveries).String(), " ms")
	}
	return report.Text(strings.Join(texts, ", "))
}

// floodFresh floods a fresh stack and waits for the last delivery.
func (w *world) floodFresh(ctx context.Context, fanout, batch int, seconds float64) (flooded, error) {
	s, err := w.warmed(ctx, fanout, batch)
	if err != nil {
		return flooded{}, err
	}
	defer s.close()
	return s.flood(ctx, s.source, fanout, batch, max(batch, int(s.perSecond*seconds)), max(1, int(seconds)-1))
}

// warm is a stack that was flooded before.
type warm struct {
	*site
	source    *load.Source
	perSecond float64 // events that it took
}

// warmed starts a stack with its subscriptions. Two short floods warm it up and
// say how many events fill the time. The caller closes it.
func (w *world) warmed(ctx context.Context, fanout, batch int) (_ *warm, err error) {
	s, err := w.start(ctx, fmt.Sprintf("fan-out %d, batch %d", fanout, batch), 1)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	source := load.NewSource("default", "bench.event", w.Payload)
	_, err = s.subscribe(ctx, fanout, func(i int) load.Subscription {
		return load.Subscription{Tenant: source.Tenant, URL: s.endpoints[0].URL(i), Type: source.Type}
	})
	if err != nil {
		return nil, err
	}
	events := max(batch, 1000/fanout)
	for range 2 {
		found, err := s.flood(ctx, source, fanout, batch, events, 0)
		if err != nil {
			return nil, err
		}
		events = max(batch, int(found.rate().Value)/fanout)
	}
	return &warm{s, source, float64(events)}, pause(ctx, settle)
}

// flood sends the events and waits for all deliveries and their records; profile is for how many
// seconds a profile is made, where one was asked for.
func (s *site) flood(ctx context.Context, source *load.Source, fanout, batch, events, profile int) (flooded, error) {
	to := s.endpoints[0]
	to.Reset(events * fanout)
	group, inGroup := errgroup.WithContext(ctx)
	if profile > 0 {
		group.Go(s.profiled(inGroup, profile))
	}
	before, begin := s.Usage(), time.Now()
	group.Go(func() error { return s.producer.Flood(inGroup, source, events, batch, s.w.Clients) })
	if err := group.Wait(); err != nil {
		return flooded{}, err
	}
	if err := receiver.Await(ctx, events*fanout, patience, to.Good); err != nil {
		return flooded{}, err
	}
	// The history comes after the deliveries, and its work is theirs.
	if err := s.emptied(ctx, patience, projecting); err != nil {
		return flooded{}, err
	}
	return flooded{
		deliveries: events * fanout, took: to.Last().Sub(begin), ages: to.Arrivals().Ages(), usage: s.Usage().Since(before),
	}, nil
}
