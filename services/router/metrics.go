package router

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

type metrics struct {
	events     metric.Int64Counter
	matched    metric.Int64Counter
	deliveries metric.Int64Counter
	rejects    metric.Int64Counter
}

func newMetrics(meter metric.Meter) (*metrics, error) {
	var m metrics
	var errs [4]error
	m.events, errs[0] = meter.Int64Counter("posthaste.router.events", metric.WithDescription("Events routed, whether or not a subscription wanted them."))
	m.deliveries, errs[1] = meter.Int64Counter("posthaste.router.deliveries", metric.WithDescription("Deliveries made of events."))
	m.rejects, errs[2] = meter.Int64Counter("posthaste.router.rejected", metric.WithDescription("Events that could not be read, by reason."))
	m.matched, errs[3] = meter.Int64Counter("posthaste.router.matched", metric.WithDescription("Events among them that a subscription wanted."))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("make router metrics: %w", err)
	}
	return &m, nil
}

func (m *metrics) routed(ctx context.Context, deliveries int) {
	m.events.Add(ctx, 1)
	if deliveries > 0 {
		m.matched.Add(ctx, 1)
		m.deliveries.Add(ctx, int64(deliveries))
	}
}

func (m *metrics) rejected(ctx context.Context, reason string) {
	m.rejects.Add(ctx, 1, metric.WithAttributes(attribute.String("reason", reason)))
}
