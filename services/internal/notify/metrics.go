package notify

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

type metrics struct {
	notifications metric.Int64Counter
	sent, failed  metric.AddOption
}

func newMetrics(meter metric.Meter) (*metrics, error) {
	m := metrics{
		sent:   metric.WithAttributes(attribute.String("outcome", "sent")),
		failed: metric.WithAttributes(attribute.String("outcome", "failed")),
	}
	var err error
	m.notifications, err = meter.Int64Counter("posthaste.notifications", metric.WithDescription("Messages to the operator, counted for each URL, by outcome: sent, or failed for good."))
	if err != nil {
		return nil, fmt.Errorf("make notification metrics: %w", err)
	}
	return &m, nil
}

func (m *metrics) send(ctx context.Context) { m.notifications.Add(ctx, 1, m.sent) }

func (m *metrics) fail(ctx context.Context) { m.notifications.Add(ctx, 1, m.failed) }
