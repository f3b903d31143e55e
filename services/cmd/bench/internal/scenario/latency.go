package scenario

import (
	"context"
	"time"

	"github.com/posthaste/posthaste/services/cmd/bench/internal/bare"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/report"
)

// What a delivery may take at a steady rate, in seconds.
const (
	steadyP50 = 0.003
	steadyP99 = 0.012
)

// latency sends events one by one at a steady rate.
func latency(ctx context.Context, w *world) error {
	s, err := w.start(ctx, "latency", 1)
	if err != nil {
		return err
	}
	defer s.close()
	sources, err := s.neighbourhood(ctx)
	if err != nil {
		return err
	}
	warm, before := sources[0].Made(), s.Usage()
	w.say("%d events/s, %s", w.Rate, w.lasting(8*time.Second))
	if err := s.producer.Pace(ctx, after(w.lasting(8*time.Second)), 0, float64(w.Rate), sources[0]); err != nil {
		return err
	}
	found, err := farings(ctx, s.endpoints, sources, warm)
	if err != nil {
		return err
	}
	cpu := bare.CPUEach(s.Usage().Since(before).CPU(), sources[0].Made()-warm)
	table := w.sheet.Table("publish to arrival", "events/s", "p50", "p99", "max", "lost", "CPU/delivery")
	table.Row(report.Num(w.Rate).String(), found.p50(), found.p99(), found.max(), found.lost, cpu)
	w.sheet.Goal(report.Most("p50", found.p50(), steadyP50))
	w.sheet.Goal(report.Most("p99", found.p99(), steadyP99))
	w.sheet.Goal(report.Most("lost", found.lost, 0))
	return nil
}
