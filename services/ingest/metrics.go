package ingest

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

type metrics struct {
	events     metric.Int64Counter
	duplicates metric.Int64Counter
	refusals   metric.Int64Counter
}

func newMetrics(meter metric.Meter) (*metrics, error) {
	var m metrics
	var errs [3]error
	m.events, errs[0] = meter.Int64Counter("posthaste.ingest.events", metric.WithDescription("Events that JetStream has acked."))
	m.duplicates, errs[1] = meter.Int64Counter("posthaste.ingest.duplicates", metric.WithDescription("Events among them that JetStream had already."))
	m.refusals, errs[2] = meter.Int64Counter("posthaste.ingest.refused", metric.WithDescription("Requests that were not accepted, by error code."))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("make ingest metrics: %w", err)
	}
	return &m, nil
}

func (m *metrics) accepted(ctx context.Context, events, duplicates int) {
	m.events.Add(ctx, int64(events))
	if duplicates > 0 {
		m.duplicates.Add(ctx, int64(duplicates))
	}
}

func (m *metrics) refused(ctx context.Context, code string) {
	m.refusals.Add(ctx, 1, metric.WithAttributes(attribute.String("code", code)))
}
