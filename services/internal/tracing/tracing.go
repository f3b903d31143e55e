// Package tracing makes the spans of an event's way by OpenTelemetry's semantic
// conventions for messaging and for HTTP clients, and carries them from hop to
// hop in headers of messages.
//
// A nil *Tracer is one that is switched off. It makes no spans, allocates
// nothing, and lets a trace through that comes from outside. So does a trace
// that is not sampled, but for its ids.
package tracing

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Tracer makes the spans of one service. It is safe for concurrent use.
type Tracer struct {
	tracer trace.Tracer
	fanOut int
}

// New makes a tracer. With more messages than fanOut of one act, each begins a
// trace of its own that links to it.
func New(tracer trace.Tracer, fanOut int) *Tracer { return &Tracer{tracer: tracer, fanOut: fanOut} }

// Off says that no spans are made.
func (t *Tracer) Off() bool { return t == nil }

// splits says whether so many messages go in traces of their own.
func (t *Tracer) splits(messages int) bool { return messages > t.fanOut }

// none is the span of a tracer that is switched off.
var none trace.Span = noop.Span{}

// What spans are begun with, made once. Attributes and links are made where a
// span is recorded alone, and so after the sampler has decided.
var (
	asProducer     = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindProducer)}
	asConsumer     = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindConsumer)}
	asConsumerRoot = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindConsumer), trace.WithNewRoot()}
	asServer       = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer)}
	asClient       = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindClient)}
)

// The attributes of ours, by the words of docs/design.md.
const (
	keyTenant       = attribute.Key("posthaste.tenant")
	keyEvent        = attribute.Key("posthaste.event.id")
	keyEventType    = attribute.Key("posthaste.event.type")
	keySubscription = attribute.Key("posthaste.subscription.id")
	keyDelivery     = attribute.Key("posthaste.delivery.id")
	keyRound        = attribute.Key("posthaste.round")
	keyMatches      = attribute.Key("posthaste.event.matches")
	keyAttempt      = attribute.Key("posthaste.attempt.number")
	keyDeferrals    = attribute.Key("posthaste.delivery.deferrals")
	keyReason       = attribute.Key("posthaste.reason")
	keyOutcome      = attribute.Key("posthaste.outcome")
	keyLink         = attribute.Key("posthaste.link")
)

var system = semconv.MessagingSystemKey.String("nats")

// Templates of the subjects, which are too many to be names of spans.
const (
	templateEvents     = "events.{tenant}.{type}"
	templateDeliveries = "deliveries.{lane}.{tenant}.{subscription}"
)

// link adds a link where there is something to link to.
func link(span trace.Span, to trace.SpanContext, relation string) {
	if to.IsValid() {
		span.AddLink(trace.Link{SpanContext: to, Attributes: []attribute.KeyValue{keyLink.String(relation)}})
	}
}

// What a link leads to, in its attribute posthaste.link.
const (
	linkEvent    = "event"
	linkPrevious = "previous_attempt"
	linkBatch    = "batch"
)

// Fail marks a span as failed. The error must hold no secret.
func Fail(span trace.Span, err error) {
	if err != nil && span.IsRecording() {
		span.SetStatus(codes.Error, err.Error())
		span.SetAttributes(semconv.ErrorType(err))
	}
}
