package dispatcher

import (
	"context"
	"net/http"
	"time"

	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/trace"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/tracing"
)

// forwardTrace passes the event's trace context on to the endpoint.
func forwardTrace(h http.Header, from nats.Header) {
	if v, ok := from[bus.HeaderTraceparent]; ok {
		h["Traceparent"] = v
		if v, ok := from[bus.HeaderTracestate]; ok {
			h["Tracestate"] = v
		}
	}
}

// tells says whether the endpoint is told of traces.
func (t *target) tells() bool { return t.sub.SendTraceparent == nil || t.sub.GetSendTraceparent() }

// send makes the POST, in a span of its own where there are spans. Then it is
// that span that the endpoint is told of. The caller ends it.
func (s *Service) send(ctx context.Context, j job, t *target, r request, now time.Time) (answer, trace.Span) {
	ctx, span := s.Tracer.Post(ctx, t.url.URL, len(r.body), j.GetAttempt())
	if !s.Tracer.Off() && t.tells() && t.own["Traceparent"] == nil {
		tracing.Outbound(ctx, r.header)
	}
	return s.poster.post(ctx, t.url, r.header, r.body, t.policy.Timeout, now), span
}

// ended says on the attempt's span what the record says.
func (s *Service) ended(ctx context.Context, r *posthastev1.Attempt) {
	if !s.Tracer.Off() {
		s.Tracer.Ended(ctx, outcomeName(r.GetOutcome()), r.GetReason())
	}
}
