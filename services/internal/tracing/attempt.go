package tracing

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
)

// attemptName is that of the spans of attempts.
const attemptName = "attempt " + templateDeliveries

// Attempt begins the span of one attempt of a delivery, from the headers of its
// message. It links to the event's span and to that of the attempt before.
func (t *Tracer) Attempt(ctx context.Context, msg Message, d *posthastev1.Delivery) (context.Context, trace.Span) {
	if t == nil {
		return ctx, none
	}
	header := msg.Headers()
	parent, event := spanOf(header, bus.HeaderSpanParent), trace.SpanContext{}
	options := asConsumer
	if !parent.IsValid() {
		event = spanOf(header, bus.HeaderSpanEvent)
		producer := spanOf(header, bus.HeaderTraceparent)
		switch {
		case event.IsValid():
			options = asConsumerRoot // one of many
		case d.GetRound() != "":
			options, event = asConsumerRoot, producer // its trace may be of long ago
		default: // the router made no spans
			parent = producer
		}
	}
	if parent.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, parent)
	}
	ctx, span := t.tracer.Start(ctx, attemptName, options...)
	if !span.IsRecording() {
		return ctx, span
	}
	if !event.IsValid() {
		event = spanOf(header, bus.HeaderSpanEvent)
	}
	link(span, event, linkEvent)
	link(span, spanOf(header, bus.HeaderSpanPrevious), linkPrevious)
	span.SetAttributes(system, semconv.MessagingOperationName("attempt"), semconv.MessagingOperationTypeProcess,
		semconv.MessagingDestinationTemplate(templateDeliveries), semconv.MessagingDestinationName(msg.Subject()),
		semconv.MessagingMessageID(first(header, nats.MsgIdHdr)))
	span.SetAttributes(ofDelivery(d)...)
	return ctx, span
}

// Message is what is read of a message.
type Message interface {
	Subject() string
	Headers() nats.Header
}

func ofDelivery(d *posthastev1.Delivery) []attribute.KeyValue {
	e := d.GetEvent()
	out := []attribute.KeyValue{
		keyTenant.String(e.GetTenant()), keyEvent.String(e.GetId()), keyEventType.String(e.GetType()),
		keySubscription.String(d.GetSubscriptionId()), keyDelivery.String(d.GetId()),
		keyAttempt.Int64(int64(d.GetAttempt())), keyDeferrals.Int64(int64(d.GetDeferrals())),
	}
	if d.GetRound() != "" {
		out = append(out, keyRound.String(d.GetRound()))
	}
	return out
}

// Ended says on ctx's span, that of an attempt, what came of it.
func (t *Tracer) Ended(ctx context.Context, outcome, reason string) {
	if t == nil {
		return
	}
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(keyOutcome.String(outcome), keyReason.String(reason))
	if outcome != "delivered" {
		span.SetStatus(codes.Error, reason)
	}
}

// Again adds ctx's span, that of an attempt, to the header of the next one.
func (t *Tracer) Again(ctx context.Context, header nats.Header) nats.Header {
	if t == nil {
		return header
	}
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return header
	}
	if header == nil {
		header = make(nats.Header, 2)
	}
	set(header, bus.HeaderSpanPrevious, span.SpanContext())
	return header
}

// Post begins the span of a POST in that of its attempt, where that is recorded.
// Path and query of an endpoint may be its secret, so they are not shown.
func (t *Tracer) Post(ctx context.Context, to *url.URL, body int, attempt uint32) (context.Context, trace.Span) {
	if t == nil || !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, none
	}
	ctx, span := t.tracer.Start(ctx, http.MethodPost, asClient...)
	if !span.IsRecording() {
		return ctx, span
	}
	span.SetAttributes(semconv.HTTPRequestMethodPost, semconv.URLFull(to.Scheme+"://"+to.Host+hidden(to)), semconv.URLScheme(to.Scheme),
		semconv.ServerAddress(to.Hostname()), semconv.ServerPort(portOf(to)), semconv.HTTPRequestBodySize(body))
	if attempt > 1 {
		span.SetAttributes(semconv.HTTPRequestResendCount(int(attempt - 1)))
	}
	return ctx, span
}

// hidden is what is shown of path and query. REDACTED is the convention's word.
func hidden(u *url.URL) string {
	if (u.Path == "" || u.Path == "/") && u.RawQuery == "" {
		return u.Path
	}
	return "/REDACTED"
}

func portOf(u *url.URL) int {
	if port, err := strconv.Atoi(u.Port()); err == nil {
		return port
	}
	if u.Scheme == "http" {
		return 80
	}
	return 443
}

// Posted ends the span of a POST: the status of the answer, 0 for none, and why
// it is no success where it is none.
func Posted(span trace.Span, status int, success bool, reason string) {
	if span.IsRecording() {
		if status != 0 {
			span.SetAttributes(semconv.HTTPResponseStatusCode(status))
		}
		switch {
		case success:
		case status >= http.StatusBadRequest: // the convention's, which has it no redirect
			span.SetAttributes(semconv.ErrorTypeKey.String(strconv.Itoa(status)))
			span.SetStatus(codes.Error, "")
		default:
			span.SetAttributes(semconv.ErrorTypeKey.String(reason))
			span.SetStatus(codes.Error, reason)
		}
	}
	span.End()
}

// Outbound writes ctx's span into the header of a request.
func Outbound(ctx context.Context, h http.Header) {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return
	}
	h["Traceparent"] = []string{format(sc)}
	delete(h, "Tracestate")
	if state := sc.TraceState().String(); state != "" {
		h["Tracestate"] = []string{state}
	}
}
