package projection

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

type metrics struct {
	records         metric.Int64Counter
	lag             metric.Int64Gauge
	stored, refused metric.AddOption
}

func newMetrics(meter metric.Meter) (*metrics, error) {
	m := metrics{
		stored:  metric.WithAttributes(attribute.String("result", "stored")),
		refused: metric.WithAttributes(attribute.String("result", "refused")),
	}
	var errs [2]error
	m.records, errs[0] = meter.Int64Counter("posthaste.history.records", metric.WithDescription("Records of attempts taken into the history, or refused as unusable, by result."))
	m.lag, errs[1] = meter.Int64Gauge("posthaste.history.lag", metric.WithDescription("Records that the history has not been given yet."))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("make history metrics: %w", err)
	}
	return &m, nil
}

func (m *metrics) took(ctx context.Context, records int) {
	m.records.Add(ctx, int64(records), m.stored)
}

func (m *metrics) refuse(ctx context.Context) { m.records.Add(ctx, 1, m.refused) }
