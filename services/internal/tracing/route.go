package tracing

import (
	"context"

	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/posthaste/posthaste/pkg/eventid"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
)

// Process begins the span of routing an event, from the headers that it came
// with.
func (t *Tracer) Process(ctx context.Context, header nats.Header) (context.Context, trace.Span) {
	if t == nil {
		return ctx, none
	}
	if linked := spanOf(header, bus.HeaderSpanEvent); linked.IsValid() {
		ctx, span := t.tracer.Start(ctx, "process "+templateEvents, asConsumerRoot...)
		link(span, linked, linkBatch)
		return ctx, span
	}
	if producer := spanOf(header, bus.HeaderTraceparent); producer.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, producer)
	}
	return t.tracer.Start(ctx, "process "+templateEvents, asConsumer...)
}

// Routed says on ctx's span, that of Process, what it is about.
func (t *Tracer) Routed(ctx context.Context, e *posthastev1.Event, consumer string, matches int) {
	if t == nil {
		return
	}
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(system, semconv.MessagingOperationName("process"), semconv.MessagingOperationTypeProcess,
		semconv.MessagingDestinationTemplate(templateEvents), semconv.MessagingConsumerGroupName(consumer), keyMatches.Int(matches))
	span.SetAttributes(ofEvent(e)...)
}

// ofEvent are the attributes of one event's message.
func ofEvent(e *posthastev1.Event) []attribute.KeyValue {
	return []attribute.KeyValue{
		semconv.MessagingDestinationName(eventid.Subject(e.GetTenant(), e.GetType())),
		semconv.MessagingMessageID(eventid.MsgID(e.GetTenant(), e.GetSource(), e.GetId())),
		keyTenant.String(e.GetTenant()), keyEvent.String(e.GetId()), keyEventType.String(e.GetType()),
	}
}

// Rejected says on ctx's span, that of Process, why the event was set aside.
func (t *Tracer) Rejected(ctx context.Context, reason string) {
	if t == nil {
		return
	}
	span := trace.SpanFromContext(ctx)
	if span.IsRecording() {
		span.SetAttributes(system, semconv.MessagingOperationName("process"), semconv.MessagingOperationTypeProcess,
			semconv.MessagingDestinationTemplate(templateEvents), semconv.ErrorTypeKey.String(reason))
		span.SetStatus(codes.Error, reason)
	}
}
