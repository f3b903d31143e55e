package ingest

import (
	"context"
	"net/http"
	"regexp"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/posthaste/posthaste/services/internal/bus"
)

// traceparent is the header of W3C Trace Context, section 3.2; later versions
// may add parts. It is copied to every event of a request, so what is not one
// goes no further.
var traceparent = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.{0,128})?$`)

// maxTracestate is four times what W3C Trace Context asks to be passed on.
const maxTracestate = 2048 // bytes

// trace is what the headers of so many events say: the span that they are
// published in, or else what the request says.
func (s *Service) trace(ctx context.Context, h http.Header, events int) nats.Header {
	if s.tracer.Off() {
		return traceContext(h)
	}
	return s.tracer.EventHeader(ctx, events)
}

// traceContext is the trace of a request in the headers of its events.
func traceContext(h http.Header) nats.Header {
	parent := h.Get("Traceparent")
	if !traceparent.MatchString(parent) {
		return nil
	}
	out := nats.Header{bus.HeaderTraceparent: []string{parent}}
	if state := strings.Join(h.Values("Tracestate"), ","); state != "" && len(state) <= maxTracestate {
		out[bus.HeaderTracestate] = []string{state}
	}
	return out
}
