package ingest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/tracing"
)

const (
	traceID   = "0af7651916cd43dd8448eb211c80319c"
	fromAbove = "00-" + traceID + "-b7ad6b7169203331-01"
)

// newTraced is an ingest whose requests and events have spans, up to two events
// of a request in one trace.
func newTraced(t *testing.T) (*harness, *tracetest.SpanRecorder) {
	t.Helper()
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	t.Cleanup(func() { _ = provider.Shutdown(context.WithoutCancel(t.Context())) })
	tracer := tracing.New(provider.Tracer("test"), 2)
	h := newHarness(t, func(c *configs) { c.deps = func(d *Deps) { d.Tracer = tracer } })
	web := httptest.NewServer(tracer.Server(h.Handler()))
	t.Cleanup(web.Close)
	h.url = web.URL + Path
	return h, spans
}

// Events go on in the client's trace, as children of the span that published
// them. Those of a large request begin traces of their own.
func TestSpans(t *testing.T) {
	t.Parallel()
	h, recorded := newTraced(t)
	h.post(`{"type":"a","data":1}`, "traceparent", fromAbove, "tracestate", "a=b")
	h.post(`[{"type":"a","data":1},{"type":"a","data":2},{"type":"a","data":3}]`, "traceparent", fromAbove)
	spans := recorded.Ended()
	if len(spans) != 4 {
		t.Fatalf("%d spans", len(spans))
	}
	for i := range 2 {
		publish, server := spans[2*i], spans[2*i+1]
		if server.Parent().SpanID().String() != fromAbove[36:52] || publish.Parent().SpanID() != server.SpanContext().SpanID() {
			t.Errorf("request %d: parents %s and %s", i, server.Parent().SpanID(), publish.Parent().SpanID())
		}
		msg, _ := h.stored(uint64(2*i + 1))
		want := "00-" + traceID + "-" + publish.SpanContext().SpanID().String() + "-01"
		if got := strings.Join(msg.Header[bus.HeaderTraceparent], "|"); got != want {
			t.Errorf("request %d: traceparent %s, want %s", i, got, want)
		}
		if got := len(msg.Header[bus.HeaderSpanEvent]); got != i {
			t.Errorf("request %d: %v", i, msg.Header)
		}
		if got := strings.Join(msg.Header[bus.HeaderTracestate], "|"); i == 0 && got != "a=b" {
			t.Errorf("tracestate %q", got)
		}
	}
}

func TestSpanOfPublishingThatFails(t *testing.T) {
	t.Parallel()
	h, recorded := newTraced(t)
	if r := h.post(`{"type":"a","data":1}`); r.status != http.StatusAccepted {
		t.Fatalf("answer %d", r.status)
	}
	if err := h.bus.JS.DeleteStream(t.Context(), bus.StreamEvents); err != nil {
		t.Fatal(err)
	}
	if r := h.post(`{"type":"a","data":1}`); r.status != http.StatusServiceUnavailable {
		t.Fatalf("answer %d", r.status)
	}
	for i, s := range recorded.Ended() {
		if failed := i >= 2; (s.Status().Code == codes.Error) != failed {
			t.Errorf("%s %d: %+v", s.Name(), i, s.Status())
		}
	}
}
