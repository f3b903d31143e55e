package dispatcher

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/tracing"
)

const (
	traceID     = "0af7651916cd43dd8448eb211c80319c"
	traceparent = "00-" + traceID + "-b7ad6b7169203331-01"
	sendSpan    = "00-" + traceID + "-00f067aa0ba902b7-01"
	eventSpan   = "00-" + traceID + "-0102030405060708-01"
)

// traced makes one delivery whose event came with a trace.
func (h *house) traced(tb testing.TB, sub string, more nats.Header) {
	tb.Helper()
	e := &posthastev1.Event{Id: "evt_" + sub, Tenant: "t", Type: "task.done", Time: timestamppb.Now(), Data: []byte(`{}`)}
	encoded, err := delivery.AppendEvent(nil, e)
	if err != nil {
		tb.Fatal(err)
	}
	header := nats.Header{bus.HeaderTraceparent: {traceparent}, bus.HeaderTracestate: {"a=b"}}
	for name, values := range more {
		header[name] = values
	}
	id, now := delivery.ID(e, sub), timestamppb.Now()
	msg := bus.Msg{
		Subject: bus.DeliverySubject(bus.LaneFresh, "t", sub), ID: id, Header: header,
		Data: delivery.EncodeNew(id, sub, encoded, 1, now, now),
	}
	if err := h.bus.NewPublisher(1, 1<<20).Publish(tb.Context(), []bus.Msg{msg}); err != nil {
		tb.Fatal(err)
	}
}

// record has the dispatchers that are started make spans.
func (h *house) record(tb testing.TB) *tracetest.SpanRecorder {
	tb.Helper()
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	tb.Cleanup(func() { _ = provider.Shutdown(context.WithoutCancel(tb.Context())) })
	h.deps.Tracer = tracing.New(provider.Tracer("test"), 100)
	return spans
}

// Each attempt links to the event's span and to the attempt before, wherever the
// delivery waited meanwhile, and the endpoint is told of the POST's span.
func TestSpansOfAttempts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	spans := h.record(t)
	e := newEndpoint(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n == 1 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	stop := h.start(t)
	h.traced(t, h.wish(t, e.URL+"/s3cret-path?s3cret=1"), nats.Header{bus.HeaderSpanParent: {sendSpan}, bus.HeaderSpanEvent: {eventSpan}})
	records := h.attempts(t, 2)
	h.settled(t)
	stop()

	var attempts, posts []sdktrace.ReadOnlySpan
	for _, s := range spans.Ended() {
		if s.Name() == "POST" {
			posts = append(posts, s)
		} else {
			attempts = append(attempts, s)
		}
		for _, kv := range s.Attributes() {
			if strings.Contains(kv.Value.String(), "s3cret") {
				t.Errorf("%s shows %s=%s", s.Name(), kv.Key, kv.Value.String())
			}
		}
	}
	if len(attempts) != 2 || len(posts) != 2 {
		t.Fatalf("%d attempts and %d POSTs", len(attempts), len(posts))
	}
	for i, a := range attempts {
		var linked []string
		for _, l := range a.Links() {
			linked = append(linked, l.SpanContext.SpanID().String())
		}
		want := []string{eventSpan[36:52]}
		if i > 0 {
			want = append(want, attempts[i-1].SpanContext().SpanID().String())
		}
		if strings.Join(linked, " ") != strings.Join(want, " ") {
			t.Errorf("attempt %d links to %v, want %v", i+1, linked, want)
		}
		if a.Parent().SpanID().String() != sendSpan[36:52] || posts[i].Parent().SpanID() != a.SpanContext().SpanID() {
			t.Errorf("attempt %d: parents %s and %s", i+1, a.Parent().SpanID(), posts[i].Parent().SpanID())
		}
		want = []string{"00-" + traceID + "-" + posts[i].SpanContext().SpanID().String() + "-01"}
		if got := e.posts()[i].Header; got.Get("traceparent") != want[0] || got.Get("tracestate") != "a=b" {
			t.Errorf("POST %d has %v, want %v", i+1, got, want)
		}
		if !strings.Contains(string(records[i].GetRequestHeader()), "Traceparent: "+want[0]) {
			t.Errorf("record %d shows %s", i+1, records[i].GetRequestHeader())
		}
	}
}

// Without spans the event's own trace is passed on, and a subscription may be
// kept out of both.
func TestTraceparentIsSentOrNot(t *testing.T) {
	t.Parallel()
	for name, on := range map[string]bool{"spans": true, "no spans": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			if on {
				h.record(t)
			}
			told, untold := newEndpoint(t, nil), newEndpoint(t, nil)
			h.start(t)
			h.traced(t, h.wish(t, told.URL), nil)
			h.traced(t, h.wish(t, untold.URL, func(s *posthastev1.Subscription) { s.SendTraceparent = new(false) }), nil)
			testbed.Eventually(t, "both POSTs", func() bool { return told.count()+untold.count() == 2 })
			h.settled(t)
			got := told.posts()[0].Header
			if on == (got.Get("traceparent") == traceparent) || !strings.HasPrefix(got.Get("traceparent"), "00-"+traceID) || got.Get("tracestate") != "a=b" {
				t.Errorf("the endpoint gets %v", got)
			}
			if got := untold.posts()[0].Header; got["Traceparent"] != nil || got["Tracestate"] != nil {
				t.Errorf("an endpoint that is to get none gets %v", got)
			}
		})
	}
}
