package scenario

import (
	"context"
	"fmt"
	"time"

	"github.com/posthaste/posthaste/services/cmd/bench/internal/bare"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/report"
)

// What telemetry may cost, in terms of what it is without.
const (
	exportedRate = 0.90 // deliveries a second, at the least
	exportedCPU  = 1.10 // of Posthaste, NATS and Redis for one, at the most
)

// mode is a way to have telemetry.
type mode struct {
	name string
	env  []string
	// Goals in terms of off; 0 for none.
	leastRate, mostCPU float64
}

// telemetry floods with telemetry off, with all of it over OTLP, and with a
// collector that is killed and comes back. Off stands before and after each, for
// a machine's speed changes with what its neighbours do.
func telemetry(ctx context.Context, w *world) error {
	defer func() { w.env = nil }()
	sink, err := newSink(ctx)
	if err != nil {
		return err
	}
	defer sink.kill()
	sampled := []string{"OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.1"}
	table := w.sheet.Table("floods, fan-out 1, batch 1", "telemetry", "deliveries/s", "of off", "CPU/delivery", "of off", "p99", "requests to the collector")
	before, err := w.tell(ctx, table, mode{name: "off"}, sink)
	if err != nil {
		return err
	}
	for _, m := range []mode{
		{"over OTLP, 10 % of traces", append([]string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + sink.URL()}, sampled...), exportedRate, exportedCPU},
		{"over OTLP, all traces", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + sink.URL()}, 0, 0},
	} {
		found, err := w.tell(ctx, nil, m, sink)
		if err != nil {
			return err
		}
		after, err := w.tell(ctx, nil, mode{name: "off"}, sink)
		if err != nil {
			return err
		}
		off := before.and(after)
		found.row(table, off)
		after.row(table, after)
		rate, cpu := found.costs(off)
		w.judge(m, rate, cpu)
		before = after
	}
	return w.killed(ctx, sampled)
}

// measured is what one flood came to.
type measured struct {
	flooded
	name     string
	requests int64
}

// tell floods in the mode, and adds a row to the table where there is one.
func (w *world) tell(ctx context.Context, table *report.Table, m mode, sink *sink) (measured, error) {
	w.say("telemetry %s", m.name)
	w.env = m.env
	sink.requests.Store(0)
	found, err := w.floodFresh(ctx, 1, 1, w.lasting(6*time.Second).Seconds())
	if err != nil {
		return measured{}, fmt.Errorf("telemetry %s: %w", m.name, err)
	}
	out := measured{found, m.name, sink.requests.Load()}
	if table != nil {
		out.row(table, out)
	}
	return out, nil
}

func (m measured) cpu() report.Figure { return bare.CPUEach(m.usage.CPU(), m.deliveries) }

// and is both together, one after the other.
func (m measured) and(other measured) measured {
	sum := m
	sum.deliveries += other.deliveries
	sum.took += other.took
	sum.usage = append(append(sum.usage[:0:0], m.usage...), other.usage...)
	return sum
}

// costs are rate and CPU in terms of what they are with telemetry off.
func (m measured) costs(off measured) (rate, cpu report.Figure) {
	return m.rate().In(off.rate(), report.Ratio), m.cpu().In(off.cpu(), report.Ratio)
}

func (m measured) row(table *report.Table, off measured) {
	rate, cpu := m.costs(off)
	table.Row(m.name, m.rate(), rate, m.cpu(), cpu, m.ages.Quantile(0.99), report.Num(m.requests))
}

// judge holds the ratios against the goals. Where all traces are exported there
// are none: that is for those who want to know.
func (w *world) judge(m mode, rate, cpu report.Figure) {
	if m.leastRate > 0 {
		w.sheet.Goal(report.Least(m.name+", deliveries a second in terms of off", rate, m.leastRate))
	}
	if m.mostCPU > 0 {
		w.sheet.Goal(report.Most(m.name+", CPU of a delivery in terms of off", cpu, m.mostCPU))
	}
}
