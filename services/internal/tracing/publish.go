package tracing

import (
	"context"

	"github.com/nats-io/nats.go"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
)

// Publish begins the span of publishing events, which ctx's is the parent of.
func (t *Tracer) Publish(ctx context.Context, events []*posthastev1.Event) (context.Context, trace.Span) {
	if t == nil {
		return ctx, none
	}
	ctx, span := t.tracer.Start(ctx, "publish "+templateEvents, asProducer...)
	if span.IsRecording() {
		span.SetAttributes(system, semconv.MessagingOperationName("publish"), semconv.MessagingOperationTypeSend,
			semconv.MessagingDestinationTemplate(templateEvents))
		if len(events) == 1 {
			span.SetAttributes(ofEvent(events[0])...)
		} else {
			span.SetAttributes(semconv.MessagingBatchMessageCount(len(events)))
		}
	}
	return ctx, span
}

// EventHeader is the header of the events that are published in ctx's span. Where
// they are many, each begins a trace of its own that links to it.
func (t *Tracer) EventHeader(ctx context.Context, events int) nats.Header {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return nil
	}
	h := make(nats.Header, 3)
	set(h, bus.HeaderTraceparent, sc)
	if state := sc.TraceState().String(); state != "" {
		h[bus.HeaderTracestate] = []string{state}
	}
	if t.splits(events) {
		h[bus.HeaderSpanEvent] = h[bus.HeaderTraceparent]
	}
	return h
}
