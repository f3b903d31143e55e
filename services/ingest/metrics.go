package ingest

import (
	"context"
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
	var err error
	if m.events, err = meter.Int64Counter("posthaste.ingest.events", metric.WithDescription("Events that JetStream has acked.")); err != nil {
		return nil, fmt.Errorf("make ingest metrics: %w", err)
	}
	if m.duplicates, err = meter.Int64Counter("posthaste.ingest.duplicates", metric.WithDescription("Events among them that JetStream had already.")); err != nil {
		return nil, fmt.Errorf("make ingest metrics: %w", err)
	}
	if m.refusals, err = meter.Int64Counter("posthaste.ingest.refused", metric.WithDescription("Requests that were not accepted, by error code.")); err != nil {
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
