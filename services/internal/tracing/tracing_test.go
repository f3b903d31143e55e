package tracing

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	parentTrace = "0af7651916cd43dd8448eb211c80319c"
	parentSpan  = "b7ad6b7169203331"
	sampled     = "00-" + parentTrace + "-" + parentSpan + "-01"
	unsampled   = "00-" + parentTrace + "-" + parentSpan + "-00"
)

var (
	anEvent    = &posthastev1.Event{Id: "evt_1", Tenant: "acme", Type: "task.done"}
	aDelivery  = &posthastev1.Delivery{Id: "dlv_1", SubscriptionId: "evsub_1", Event: anEvent, Attempt: 1}
	anEndpoint = &url.URL{Scheme: "https", Host: "hooks.example.com", Path: "/services/s3cret", RawQuery: "token=s3cret", User: url.UserPassword("u", "s3cret")}
)

// tracer records what is sampled.
func tracer(t *testing.T, fanOut int, options ...sdktrace.TracerProviderOption) (*Tracer, *tracetest.SpanRecorder) {
	t.Helper()
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(append(options, sdktrace.WithSpanProcessor(spans))...)
	t.Cleanup(func() {
		if err := provider.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return New(provider.Tracer("test"), fanOut), spans
}

// message is a stored message.
type message struct {
	subject string
	header  nats.Header
}

func (m message) Subject() string      { return m.subject }
func (m message) Headers() nats.Header { return m.header }

// route passes an event with this header through a router, to so many
// subscriptions, and returns the headers of the deliveries.
func route(ctx context.Context, tr *Tracer, header nats.Header, subscriptions int) []nats.Header {
	header = bus.EventTrace(header)
	ctx, span := tr.Process(ctx, header)
	defer span.End()
	tr.Routed(ctx, anEvent, "router", subscriptions)
	sending := tr.Send(ctx, header, subscriptions)
	out := make([]nats.Header, subscriptions)
	for i := range out {
		out[i] = sending.Header("deliveries.fresh.acme.evsub_1", "dlv_1", "evsub_1")
	}
	sending.End(nil)
	return out
}

// attempt makes one whose endpoint answers with the status, and returns the
// header of the POST and that of the next attempt's message.
func attempt(ctx context.Context, tr *Tracer, header nats.Header, d *posthastev1.Delivery, status int) (post http.Header, next nats.Header) {
	ctx, span := tr.Attempt(ctx, message{"deliveries.fresh.acme.evsub_1", header}, d)
	defer span.End()
	post = http.Header{"Traceparent": header[bus.HeaderTraceparent]}
	client, posted := tr.Post(ctx, anEndpoint, 10, d.GetAttempt())
	if !tr.Off() {
		Outbound(client, post)
	}
	outcome, reason := "delivered", "delivered"
	if status != http.StatusOK {
		outcome, reason = "retry", "server_error"
	}
	Posted(posted, status, status == http.StatusOK, reason)
	tr.Ended(ctx, outcome, reason)
	return post, tr.Again(ctx, bus.TraceContext(header))
}

func attributes(s sdktrace.ReadOnlySpan) map[string]any {
	out := make(map[string]any)
	for _, kv := range s.Attributes() {
		out[string(kv.Key)] = kv.Value.AsInterface()
	}
	return out
}

func named(spans []sdktrace.ReadOnlySpan, name string) (out []sdktrace.ReadOnlySpan) {
	for _, s := range spans {
		if s.Name() == name {
			out = append(out, s)
		}
	}
	return out
}

// links are the spans that s links to, by what they are to it.
func links(s sdktrace.ReadOnlySpan) map[string]trace.SpanID {
	out := make(map[string]trace.SpanID)
	for _, l := range s.Links() {
		set := attribute.NewSet(l.Attributes...)
		relation, _ := set.Value(keyLink)
		out[relation.AsString()] = l.SpanContext.SpanID()
	}
	return out
}

func TestWay(t *testing.T) {
	t.Parallel()
	tr, recorded := tracer(t, 100)
	producer := parse(sampled, "")
	ctx, publish := tr.Publish(trace.ContextWithRemoteSpanContext(t.Context(), producer), []*posthastev1.Event{anEvent})
	header := tr.EventHeader(ctx, 1)
	publish.End()
	header[nats.MsgIdHdr] = []string{"acme/evt_1"}
	deliveries := route(t.Context(), tr, header, 2)
	deliveries[0][nats.MsgIdHdr] = []string{"dlv_1"}
	_, next := attempt(t.Context(), tr, deliveries[0], aDelivery, http.StatusInternalServerError)
	second := &posthastev1.Delivery{Id: "dlv_1", SubscriptionId: "evsub_1", Event: anEvent, Attempt: 2, Deferrals: 3}
	post, _ := attempt(t.Context(), tr, next, second, http.StatusOK)

	spans := recorded.Ended()
	sends, attempts := named(spans, "send deliveries.{lane}.{tenant}.{subscription}"), named(spans, "attempt deliveries.{lane}.{tenant}.{subscription}")
	posts, process := named(spans, "POST"), named(spans, "process events.{tenant}.{type}")
	if len(spans) != 8 || len(sends) != 2 || len(attempts) != 2 || len(posts) != 2 || len(process) != 1 {
		t.Fatalf("%d spans", len(spans))
	}
	for _, s := range spans {
		if s.SpanContext().TraceID().String() != parentTrace {
			t.Errorf("%s is in another trace", s.Name())
		}
	}
	for _, want := range []struct {
		span   sdktrace.ReadOnlySpan
		kind   trace.SpanKind
		parent trace.SpanID
		links  map[string]trace.SpanID
		status codes.Code
		attrs  map[string]any
	}{
		{named(spans, "publish events.{tenant}.{type}")[0], trace.SpanKindProducer, producer.SpanID(), nil, codes.Unset, map[string]any{
			"messaging.system": "nats", "messaging.operation.name": "publish", "messaging.operation.type": "send",
			"messaging.destination.template": "events.{tenant}.{type}", "messaging.destination.name": "events.acme.task.done",
			"messaging.message.id": "acme/evt_1", "posthaste.tenant": "acme", "posthaste.event.id": "evt_1", "posthaste.event.type": "task.done",
		}},
		{process[0], trace.SpanKindConsumer, publish.SpanContext().SpanID(), nil, codes.Unset, map[string]any{
			"messaging.system": "nats", "messaging.operation.name": "process", "messaging.operation.type": "process", "messaging.consumer.group.name": "router",
			"messaging.destination.template": "events.{tenant}.{type}", "messaging.destination.name": "events.acme.task.done",
			"messaging.message.id": "acme/evt_1", "posthaste.tenant": "acme", "posthaste.event.id": "evt_1", "posthaste.event.type": "task.done",
			"posthaste.event.matches": int64(2),
		}},
		{sends[0], trace.SpanKindProducer, process[0].SpanContext().SpanID(), nil, codes.Unset, map[string]any{
			"messaging.system": "nats", "messaging.operation.name": "send", "messaging.operation.type": "send",
			"messaging.destination.template": "deliveries.{lane}.{tenant}.{subscription}", "messaging.destination.name": "deliveries.fresh.acme.evsub_1",
			"messaging.message.id": "dlv_1", "posthaste.delivery.id": "dlv_1", "posthaste.subscription.id": "evsub_1",
		}},
		{attempts[0], trace.SpanKindConsumer, sends[0].SpanContext().SpanID(), map[string]trace.SpanID{"event": process[0].SpanContext().SpanID()}, codes.Error, attemptAttributes(1, 0, "retry", "server_error")},
		{
			attempts[1], trace.SpanKindConsumer, sends[0].SpanContext().SpanID(),
			map[string]trace.SpanID{"event": process[0].SpanContext().SpanID(), "previous_attempt": attempts[0].SpanContext().SpanID()},
			codes.Unset, attemptAttributes(2, 3, "delivered", "delivered"),
		},
		{posts[0], trace.SpanKindClient, attempts[0].SpanContext().SpanID(), nil, codes.Error, postAttributes(map[string]any{
			"http.response.status_code": int64(500), "error.type": "500",
		})},
		{posts[1], trace.SpanKindClient, attempts[1].SpanContext().SpanID(), nil, codes.Unset, postAttributes(map[string]any{
			"http.response.status_code": int64(200), "http.request.resend_count": int64(1),
		})},
	} {
		if want.span.SpanKind() != want.kind || want.span.Parent().SpanID() != want.parent || want.span.Status().Code != want.status {
			t.Errorf("%s: %s, child of %s, %v", want.span.Name(), want.span.SpanKind(), want.span.Parent().SpanID(), want.span.Status())
		}
		if got := links(want.span); !maps.Equal(got, want.links) {
			t.Errorf("%s links to %v, want %v", want.span.Name(), got, want.links)
		}
		if diff := cmp.Diff(want.attrs, attributes(want.span)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", want.span.Name(), diff)
		}
	}
	if want := []string{format(posts[1].SpanContext())}; !slices.Equal(post["Traceparent"], want) {
		t.Errorf("the endpoint is told of %v, want the POST's span %s", post, want)
	}
}

func attemptAttributes(number, deferrals int64, outcome, reason string) map[string]any {
	out := map[string]any{
		"messaging.system": "nats", "messaging.operation.name": "attempt", "messaging.operation.type": "process",
		"messaging.destination.template": "deliveries.{lane}.{tenant}.{subscription}", "messaging.destination.name": "deliveries.fresh.acme.evsub_1",
		"messaging.message.id": "", "posthaste.tenant": "acme", "posthaste.event.id": "evt_1", "posthaste.event.type": "task.done",
		"posthaste.subscription.id": "evsub_1", "posthaste.delivery.id": "dlv_1", "posthaste.attempt.number": number,
		"posthaste.delivery.deferrals": deferrals, "posthaste.outcome": outcome, "posthaste.reason": reason,
	}
	if number == 1 {
		out["messaging.message.id"] = "dlv_1"
	}
	return out
}

// postAttributes has nothing of path, query and user in it.
func postAttributes(more map[string]any) map[string]any {
	out := map[string]any{
		"http.request.method": "POST", "url.full": "https://hooks.example.com/REDACTED", "url.scheme": "https",
		"server.address": "hooks.example.com", "server.port": int64(443), "http.request.body.size": int64(10),
	}
	maps.Copy(out, more)
	return out
}

func TestLargeFanOut(t *testing.T) {
	t.Parallel()
	tr, recorded := tracer(t, 3)
	header := nats.Header{"traceparent": {sampled}}
	deliveries := route(t.Context(), tr, header, 4)
	attempt(t.Context(), tr, deliveries[2], aDelivery, http.StatusOK)
	spans := recorded.Ended()
	if len(spans) != 4 { // process, send, attempt, POST
		t.Fatalf("%d spans", len(spans))
	}
	process, send, tried := named(spans, "process "+templateEvents)[0], named(spans, "send "+templateDeliveries)[0], named(spans, attemptName)[0]
	if attributes(send)["messaging.batch.message_count"] != int64(4) || send.Parent().SpanID() != process.SpanContext().SpanID() {
		t.Errorf("the batch has %v", attributes(send))
	}
	if tried.Parent().IsValid() || tried.SpanContext().TraceID() == process.SpanContext().TraceID() {
		t.Error("an attempt of a large fan-out is in the event's trace")
	}
	if links(tried)["event"] != process.SpanContext().SpanID() {
		t.Errorf("it links to %v", links(tried))
	}
	if deliveries[0][bus.HeaderTraceparent][0] != sampled {
		t.Error("the event's own traceparent is gone")
	}
}

func TestLargeBatch(t *testing.T) {
	t.Parallel()
	tr, recorded := tracer(t, 1)
	ctx, publish := tr.Publish(t.Context(), []*posthastev1.Event{anEvent, anEvent})
	header := tr.EventHeader(ctx, 2)
	publish.End()
	deliveries := route(t.Context(), tr, header, 1)
	spans := recorded.Ended()
	if attributes(spans[0])["messaging.batch.message_count"] != int64(2) {
		t.Errorf("the batch has %v", attributes(spans[0]))
	}
	process := named(spans, "process "+templateEvents)[0]
	if process.Parent().IsValid() || links(process)["batch"] != publish.SpanContext().SpanID() {
		t.Errorf("an event of a large batch: parent %v, links %v", process.Parent(), links(process))
	}
	if got := parse(first(deliveries[0], bus.HeaderSpanEvent), ""); got.SpanID() != process.SpanContext().SpanID() {
		t.Error("its deliveries link to something else")
	}
}

// A trace that is not sampled goes on as one that is not, with no span recorded.
func TestNotSampled(t *testing.T) {
	t.Parallel()
	tr, recorded := tracer(t, 100)
	deliveries := route(t.Context(), tr, nats.Header{"traceparent": {unsampled}, "tracestate": {"a=b"}}, 1)
	post, next := attempt(t.Context(), tr, deliveries[0], aDelivery, http.StatusInternalServerError)
	if len(recorded.Ended()) != 0 {
		t.Errorf("%d spans", len(recorded.Ended()))
	}
	got := parse(first(nats.Header(post), "Traceparent"), "")
	if got.TraceID().String() != parentTrace || got.IsSampled() || post.Get("Tracestate") != "a=b" {
		t.Errorf("the endpoint gets %v", post)
	}
	if next[bus.HeaderSpanPrevious] != nil {
		t.Error("the next attempt would link to nothing")
	}
}

// What a sampler leaves out when a trace begins is left out of all hops.
func TestSamplerDecidesOnce(t *testing.T) {
	t.Parallel()
	never, recorded := tracer(t, 100, sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample())))
	always, all := tracer(t, 100)
	deliveries := route(t.Context(), never, nil, 1)
	attempt(t.Context(), always, deliveries[0], aDelivery, http.StatusOK)
	if len(recorded.Ended())+len(all.Ended()) != 0 {
		t.Error("an event that is not sampled has a delivery that is")
	}
}

// What is made again links to the event's trace, which may be of long ago.
func TestRoundBeginsATrace(t *testing.T) {
	t.Parallel()
	tr, recorded := tracer(t, 100)
	again := &posthastev1.Delivery{Id: "dlv_1", SubscriptionId: "evsub_1", Event: anEvent, Attempt: 1, Round: "red_1"}
	attempt(t.Context(), tr, nats.Header{"traceparent": {sampled}}, again, http.StatusOK)
	tried := named(recorded.Ended(), attemptName)[0]
	if tried.Parent().IsValid() || links(tried)["event"].String() != parentSpan || attributes(tried)["posthaste.round"] != "red_1" {
		t.Errorf("parent %v, links %v", tried.Parent(), links(tried))
	}
}

// Services may be switched on one by one.
func TestDispatcherAlone(t *testing.T) {
	t.Parallel()
	tr, recorded := tracer(t, 100)
	attempt(t.Context(), tr, nats.Header{"traceparent": {sampled}}, aDelivery, http.StatusOK)
	attempt(t.Context(), tr, nil, aDelivery, http.StatusOK)
	tried := named(recorded.Ended(), attemptName)
	if tried[0].Parent().SpanID().String() != parentSpan || tried[1].Parent().IsValid() {
		t.Errorf("parents %v and %v", tried[0].Parent(), tried[1].Parent())
	}
}

func TestFail(t *testing.T) {
	t.Parallel()
	tr, recorded := tracer(t, 100)
	_, span := tr.Process(t.Context(), nil)
	Fail(span, nil)
	Fail(span, errors.New("away"))
	span.End()
	if got := recorded.Ended()[0].Status(); got.Code != codes.Error || got.Description != "away" {
		t.Errorf("%+v", got)
	}
}

// Off costs nothing, and lets a trace through.
func TestOff(t *testing.T) {
	t.Parallel()
	header := nats.Header{"traceparent": {sampled}}
	deliveries := route(t.Context(), nil, header, 1)
	post, next := attempt(t.Context(), nil, deliveries[0], aDelivery, http.StatusInternalServerError)
	if post.Get("Traceparent") != sampled || next[bus.HeaderTraceparent][0] != sampled || len(next) != 1 {
		t.Errorf("POST %v, next %v", post, next)
	}
}

func TestOffAllocatesNothing(t *testing.T) {
	var off *Tracer
	ctx := t.Context()
	msg := message{header: nats.Header{nats.MsgIdHdr: {"dlv_1"}}}
	var m Message = msg
	got := testing.AllocsPerRun(100, func() {
		ctx, process := off.Process(ctx, nil)
		off.Routed(ctx, anEvent, "router", 1)
		sending := off.Send(ctx, nil, 1)
		_ = sending.Header("s", "i", "u")
		sending.End(nil)
		process.End()
		ctx, span := off.Attempt(ctx, m, aDelivery)
		ctx, posted := off.Post(ctx, anEndpoint, 1, 2)
		Posted(posted, 500, false, "server_error")
		off.Ended(ctx, "retry", "server_error")
		_ = off.Again(ctx, nil)
		span.End()
	})
	if got != 0 {
		t.Errorf("%v allocations", got)
	}
}
