package router

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/tracing"
)

const (
	traceID     = "0af7651916cd43dd8448eb211c80319c"
	traceparent = "00-" + traceID + "-b7ad6b7169203331-01"
)

// traced starts a router that makes spans, up to so many of one event.
func (h *house) traced(t *testing.T, fanOut int) (spans *tracetest.SpanRecorder, stop func()) {
	t.Helper()
	spans = tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	t.Cleanup(func() { _ = provider.Shutdown(context.WithoutCancel(t.Context())) })
	deps := h.deps()
	deps.Tracer = tracing.New(provider.Tracer("test"), fanOut)
	s, err := New(settings.Defaults[Config](), deps)
	if err != nil {
		t.Fatal(err)
	}
	return spans, testbed.Running(t, func(ctx context.Context) error { return s.Run(ctx, time.Second) })
}

// An event that was published straight to NATS goes on in its producer's trace,
// however the header is written. With few deliveries each has a span, with many
// they have one.
func TestSpans(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ fanOut, spans, parents int }{
		"few": {3, 1 + 3, 3}, "many": {2, 1 + 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			for range 3 {
				h.wish(t, []string{"*"})
			}
			recorded, stop := h.traced(t, c.fanOut)
			h.publish(t, "events.t.task.done", nats.Header{"TraceParent": {traceparent}}, `{"id":"e1","data":{}}`)
			h.routed(t)
			stop()
			spans := recorded.Ended()
			if len(spans) != c.spans {
				t.Fatalf("%d spans, want %d", len(spans), c.spans)
			}
			process := spans[len(spans)-1]
			for _, s := range spans {
				if s.SpanContext().TraceID().String() != traceID {
					t.Errorf("%s is in another trace", s.Name())
				}
				if s != process && s.Parent().SpanID() != process.SpanContext().SpanID() {
					t.Errorf("%s is no child of %s", s.Name(), process.Name())
				}
			}
			event := "00-" + traceID + "-" + process.SpanContext().SpanID().String() + "-01"
			parents := map[string]bool{}
			for _, msg := range testbed.Messages(t, h.bus.JS, bus.StreamDeliveries) {
				if msg.Header[bus.HeaderTraceparent][0] != traceparent || msg.Header[bus.HeaderSpanEvent][0] != event {
					t.Errorf("a delivery has %v", msg.Header)
				}
				for _, parent := range msg.Header[bus.HeaderSpanParent] {
					parents[parent] = true
				}
			}
			if len(parents) != c.parents {
				t.Errorf("the deliveries have the parents %v, want %d", parents, c.parents)
			}
		})
	}
}

func TestSpanOfEventThatIsSetAside(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	recorded, stop := h.traced(t, 100)
	h.publish(t, "events.t.task.done", nats.Header{"traceparent": {traceparent}}, `no event`)
	h.routed(t)
	stop()
	spans := recorded.Ended()
	if len(spans) != 1 || spans[0].Status().Code != codes.Error || spans[0].SpanContext().TraceID().String() != traceID {
		t.Errorf("spans %v", spans)
	}
}
