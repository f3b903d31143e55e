package lag

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// register makes the gauges, which are read from the latest reading.
func (w *Watch) register(meter metric.Meter) error {
	pending, err1 := meter.Int64ObservableGauge("posthaste.consumer.pending",
		metric.WithDescription("Messages that the consumer has not handed out yet."))
	ackPending, err2 := meter.Int64ObservableGauge("posthaste.consumer.ack.pending",
		metric.WithDescription("Messages that are handed out and not acked yet."))
	oldest, err3 := meter.Float64ObservableGauge("posthaste.oldest.delivery.age", metric.WithUnit("s"),
		metric.WithDescription("How long the oldest delivery of the lane has been in it; 0 where it is empty."))
	waiting, err4 := meter.Int64ObservableGauge("posthaste.delays.waiting",
		metric.WithDescription("Deliveries that wait in the tier of the delay line."))
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		seen := w.latest.Load()
		if seen == nil {
			return nil
		}
		for _, c := range seen.consumers {
			of := metric.WithAttributes(attribute.String("stream", c.stream), attribute.String("consumer", c.consumer))
			o.ObserveInt64(pending, c.pending, of)
			o.ObserveInt64(ackPending, c.ackPending, of)
		}
		for lane, age := range seen.oldest {
			o.ObserveFloat64(oldest, age.Seconds(), metric.WithAttributes(attribute.String("lane", string(lane))))
		}
		for tier, n := range seen.tiers {
			o.ObserveInt64(waiting, n, metric.WithAttributes(attribute.String("tier", tier)))
		}
		return nil
	}, pending, ackPending, oldest, waiting)
	return err
}
