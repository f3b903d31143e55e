package replay

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/metric"
)

type metrics struct {
	deliveries metric.Int64Counter
	running    metric.Int64UpDownCounter
}

func newMetrics(meter metric.Meter) (*metrics, error) {
	var m metrics
	var errs [2]error
	m.deliveries, errs[0] = meter.Int64Counter("posthaste.replay.deliveries", metric.WithDescription("Deliveries made by replays."))
	m.running, errs[1] = meter.Int64UpDownCounter("posthaste.replay.running", metric.WithDescription("Replays that this process works on."))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("make replay metrics: %w", err)
	}
	return &m, nil
}

func (m *metrics) delivered(ctx context.Context, n int) { m.deliveries.Add(ctx, int64(n)) }

// begun counts a replay until the function that it returns is called.
func (m *metrics) begun(ctx context.Context) (ended func()) {
	m.running.Add(ctx, 1)
	return func() { m.running.Add(context.WithoutCancel(ctx), -1) }
}
