package tracing

import (
	"context"
	"maps"

	"github.com/nats-io/nats.go"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/posthaste/posthaste/services/internal/bus"
)

// Sending is the publishing of an event's deliveries.
type Sending struct {
	tracer *Tracer         // nil: no delivery has a span of its own
	ctx    context.Context //nolint:containedctx // of the event's span; it ends with that
	header nats.Header     // of all deliveries
	spans  []trace.Span
}

// Send prepares for so many deliveries of the event whose span ctx holds. header
// is what the event's own headers say of its trace. Few deliveries have a span
// each, many have one together. The caller calls End.
func (t *Tracer) Send(ctx context.Context, header nats.Header, deliveries int) Sending {
	if t == nil {
		return Sending{header: header}
	}
	header = maps.Clone(header)
	if header == nil {
		header = make(nats.Header, 3)
	}
	delete(header, bus.HeaderSpanEvent) // it was for the event
	s := Sending{ctx: ctx, header: header}
	of := trace.SpanFromContext(ctx)
	switch {
	case t.splits(deliveries):
		set(header, bus.HeaderSpanEvent, of.SpanContext())
		if of.IsRecording() {
			_, span := t.tracer.Start(ctx, "send "+templateDeliveries, asProducer...)
			span.SetAttributes(system, semconv.MessagingOperationName("send"), semconv.MessagingOperationTypeSend,
				semconv.MessagingDestinationTemplate(templateDeliveries), semconv.MessagingBatchMessageCount(deliveries))
			s.spans = []trace.Span{span}
		}
	case of.IsRecording():
		set(header, bus.HeaderSpanEvent, of.SpanContext())
		s.tracer = t
		s.spans = make([]trace.Span, 0, deliveries)
	default: // nor are the attempts recorded
		set(header, bus.HeaderSpanParent, of.SpanContext())
	}
	return s
}

// Header is what a delivery's message says of traces, with its span begun where
// it has one of its own. The caller may add to it.
func (s *Sending) Header(subject, id, subscriptionID string) nats.Header {
	if s.tracer == nil {
		return maps.Clone(s.header)
	}
	_, span := s.tracer.tracer.Start(s.ctx, "send "+templateDeliveries, asProducer...)
	span.SetAttributes(system, semconv.MessagingOperationName("send"), semconv.MessagingOperationTypeSend,
		semconv.MessagingDestinationTemplate(templateDeliveries), semconv.MessagingDestinationName(subject),
		semconv.MessagingMessageID(id), keyDelivery.String(id), keySubscription.String(subscriptionID))
	s.spans = append(s.spans, span)
	h := make(nats.Header, len(s.header)+2)
	maps.Copy(h, s.header)
	set(h, bus.HeaderSpanParent, span.SpanContext())
	return h
}

// End ends the spans: JetStream has the deliveries, or err.
func (s *Sending) End(err error) {
	for _, span := range s.spans {
		Fail(span, err)
		span.End()
	}
}
