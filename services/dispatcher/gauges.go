package dispatcher

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/metric"
)

// observe makes the gauges, which are looked up when somebody asks.
func (s *Service) observe(meter metric.Meter) error {
	circuits, err1 := meter.Int64ObservableGauge("posthaste.dispatcher.circuits.open",
		metric.WithDescription("Subscriptions whose endpoint this dispatcher has given up on for the moment, but for probes."))
	away, err2 := meter.Int64ObservableGauge("posthaste.dispatcher.redis.away",
		metric.WithDescription("1 while Redis is left alone because it has not been answering, else 0."))
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("make dispatcher metrics: %w", err)
	}
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		o.ObserveInt64(circuits, s.targets.open())
		var isAway int64
		if s.Redis.Away() {
			isAway = 1
		}
		o.ObserveInt64(away, isAway)
		return nil
	}, circuits, away)
	if err != nil {
		return fmt.Errorf("make dispatcher metrics: %w", err)
	}
	return nil
}

// open counts the targets whose circuit is open.
func (t *targets) open() (n int64) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, target := range t.byID {
		if target.gate.Open() {
			n++
		}
	}
	return n
}
