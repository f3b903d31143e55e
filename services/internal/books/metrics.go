package books

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// register makes the gauges, which are read from the latest look. They are no
// counters: the books may be opened anew.
func (a *Auditor) register(meter metric.Meter) error {
	missing, err1 := meter.Int64ObservableGauge("posthaste.books.missing",
		metric.WithDescription("Deliveries that were made, have not ended and wait nowhere; below 0 for a moment, or where some ended twice."))
	uncounted, err2 := meter.Int64ObservableGauge("posthaste.books.uncounted",
		metric.WithDescription("Records and routed events that no process has in its account."))
	deliveries, err3 := meter.Int64ObservableGauge("posthaste.books.deliveries",
		metric.WithDescription("Deliveries since the books were opened, by what became of them."))
	events, err4 := meter.Int64ObservableGauge("posthaste.books.events",
		metric.WithDescription("Events since the stream was made, by how far they are."))
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		b := a.latest.Load()
		if b == nil {
			return nil
		}
		is := func(state string) metric.MeasurementOption {
			return metric.WithAttributes(attribute.String("state", state))
		}
		o.ObserveInt64(events, b.Events.Accepted, is("accepted"))
		o.ObserveInt64(events, b.Events.Routed, is("routed"))
		o.ObserveInt64(events, b.Events.Rejected, is("rejected"))
		if b.OpenedAt == nil {
			return nil // what is not known is not 0
		}
		o.ObserveInt64(missing, b.lost())
		o.ObserveInt64(uncounted, b.Uncounted.Records+b.Uncounted.Events)
		o.ObserveInt64(deliveries, b.Deliveries.Made, is("made"))
		o.ObserveInt64(deliveries, b.Deliveries.Delivered, is("delivered"))
		o.ObserveInt64(deliveries, b.Deliveries.Failed, is("failed"))
		o.ObserveInt64(deliveries, b.Deliveries.Cancelled, is("cancelled"))
		o.ObserveInt64(deliveries, b.Deliveries.Waiting, is("waiting"))
		return nil
	}, missing, uncounted, deliveries, events)
	return err
}
