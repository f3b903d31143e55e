package collector

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

var update = flag.Bool("update", false, "draw the trace in docs/observability.md anew")

const (
	parentSpan = "b7ad6b7169203331"
	overHTTP   = "0af7651916cd43dd8448eb211c80319c"
	overNATS   = "4bf92f3577b34da6a3ce929d0e0e4736"
	secretPart = "hidden-path-of-the-endpoint"
)

// endpoint fails the first POST, and takes what comes after it.
type endpoint struct {
	*httptest.Server
	mu   sync.Mutex
	told []string // traceparents
}

func newEndpoint(t *testing.T) *endpoint {
	t.Helper()
	r := &endpoint{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.told = append(r.told, req.Header.Get("Traceparent"))
		if len(r.told) == 1 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *endpoint) traceparents() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.told)
}

// node is what a span is to have. Names lead to spans of the same trace; of two
// with one name to the nth by "name#n".
type node struct {
	name, service, parent string
	kind                  ptrace.SpanKind
	failed                bool
	links                 map[string]string // what is linked to, by the relation
	attributes            map[string]string
}

const (
	server  = "POST /v1/events"
	publish = "publish events.{tenant}.{type}"
	process = "process events.{tenant}.{type}"
	send    = "send deliveries.{lane}.{tenant}.{subscription}"
	attempt = "attempt deliveries.{lane}.{tenant}.{subscription}"
	post    = "POST"
)

// routed is what every event's trace has from the router on.
func routed(parent string) []node {
	queue := map[string]string{"messaging.system": "nats", "messaging.destination.template": "deliveries.{lane}.{tenant}.{subscription}"}
	tried := func(number, outcome, reason string) map[string]string {
		return with(queue, "messaging.operation.name", "attempt", "messaging.operation.type", "process",
			"posthaste.attempt.number", number, "posthaste.outcome", outcome, "posthaste.reason", reason)
	}
	posted := map[string]string{"http.request.method": "POST", "url.scheme": "http", "server.address": "127.0.0.1"}
	return []node{
		{process, "posthaste-router", parent, ptrace.SpanKindConsumer, false, nil, map[string]string{
			"messaging.system": "nats", "messaging.operation.name": "process", "messaging.operation.type": "process",
			"messaging.destination.template": "events.{tenant}.{type}", "messaging.consumer.group.name": "router", "posthaste.event.matches": "1",
		}},
		{send, "posthaste-router", process, ptrace.SpanKindProducer, false, nil,
			with(queue, "messaging.operation.name", "send", "messaging.operation.type", "send")},
		{attempt, "posthaste-dispatcher", send, ptrace.SpanKindConsumer, true, map[string]string{"event": process}, tried("1", "retry", "server_error")},
		{post, "posthaste-dispatcher", attempt, ptrace.SpanKindClient, true, nil,
			with(posted, "http.response.status_code", "500", "error.type", "500", "http.request.resend_count", "")},
		{attempt + "#2", "posthaste-dispatcher", send, ptrace.SpanKindConsumer, false,
			map[string]string{"event": process, "previous_attempt": attempt}, tried("2", "delivered", "delivered")},
		{post + "#2", "posthaste-dispatcher", attempt + "#2", ptrace.SpanKindClient, false, nil,
			with(posted, "http.response.status_code", "200", "error.type", "", "http.request.resend_count", "1")},
	}
}

func with(m map[string]string, pairs ...string) map[string]string {
	m = maps.Clone(m)
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

// TestTrace sends an event by each way in, whose endpoint fails once, and holds
// all that a collector is told of it against what it should be.
func TestTrace(t *testing.T) {
	c := startCollector(t)
	at := install(t, c)
	viaHTTP, viaNATS := newEndpoint(t), newEndpoint(t)
	for eventType, r := range map[string]*endpoint{"sent.http": viaHTTP, "sent.nats": viaNATS} {
		call(t, http.StatusCreated, "http://"+at.api+"/v1/event-subscriptions",
			fmt.Sprintf(`{"url":"%s/%s?%[2]s","eventTypes":[%q]}`, r.URL, secretPart, eventType), nil)
	}
	call(t, http.StatusAccepted, "http://"+at.events+"/v1/events", `{"type":"sent.http","data":{}}`,
		http.Header{"Traceparent": {"00-" + overHTTP + "-" + parentSpan + "-01"}})
	nc, err := nats.Connect("nats://" + at.nats)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	msg := &nats.Msg{Subject: "events.default.sent.nats", Data: []byte(`{"data":{}}`), Header: nats.Header{"traceparent": {"00-" + overNATS + "-" + parentSpan + "-01"}}}
	if _, err := nc.RequestMsg(msg, 10e9); err != nil { // JetStream's ack
		t.Fatal(err)
	}

	want := append([]node{
		{server, "posthaste-ingest", "", ptrace.SpanKindServer, false, nil, map[string]string{"http.response.status_code": "202", "http.route": "/v1/events", "url.path": "/v1/events"}},
		{publish, "posthaste-ingest", server, ptrace.SpanKindProducer, false, nil, map[string]string{
			"messaging.system": "nats", "messaging.operation.name": "publish", "messaging.operation.type": "send",
			"messaging.destination.name": "events.default.sent.http", "messaging.destination.template": "events.{tenant}.{type}",
		}},
	}, routed(publish)...)
	t.Run("over HTTP", func(t *testing.T) {
		spans := c.compare(t, overHTTP, want, viaHTTP)
		drawing := draw(spans)
		t.Logf("the trace:\n%s", drawing)
		checkDocs(t, drawing)
	})
	t.Run("over NATS", func(t *testing.T) { c.compare(t, overNATS, routed(""), viaNATS) })
	t.Run("metrics and logs", func(t *testing.T) { c.checkRest(t) })
	for _, signal := range []string{"traces", "metrics", "logs"} {
		for _, line := range c.lines(t, signal) {
			if strings.Contains(string(line), secretPart) || strings.Contains(string(line), apiKey) {
				t.Errorf("a secret is in the %s: %s", signal, line)
			}
		}
	}
}

// compare waits for the spans of a trace, in the order of their beginning, and
// holds them against what is wanted.
func (c *collector) compare(t *testing.T, traceID string, want []node, r *endpoint) []traceSpan {
	t.Helper()
	var spans []traceSpan
	eventually(t, fmt.Sprint(len(want), " spans"), func() bool {
		spans = c.spans(t, traceID)
		return len(spans) >= len(want)
	}, func() string { return draw(spans) })
	slices.SortFunc(spans, func(a, b traceSpan) int { return int(int64(a.StartTimestamp()) - int64(b.StartTimestamp())) })
	byName, names := make(map[string]traceSpan), make(map[string]string)
	for _, s := range spans {
		name := s.Name()
		if _, taken := byName[name]; taken {
			name += "#2"
		}
		byName[name], names[s.SpanID().String()] = s, name
	}
	if len(spans) != len(want) || len(byName) != len(want) {
		t.Fatalf("%d spans, want %d:\n%s", len(spans), len(want), draw(spans))
	}
	for _, n := range want {
		s, ok := byName[n.name]
		if !ok {
			t.Errorf("there is no %s", n.name)
			continue
		}
		n.check(t, s, names)
	}
	told := []string{traceparent(byName[post]), traceparent(byName[post+"#2"])}
	if got := r.traceparents(); !slices.Equal(got, told) {
		t.Errorf("the endpoint was told of %v, want the spans of the POSTs %v", got, told)
	}
	return spans
}

func (n node) check(t *testing.T, s traceSpan, names map[string]string) {
	t.Helper()
	if parent := s.ParentSpanID().String(); names[parent] != n.parent || n.parent == "" && parent != parentSpan {
		t.Errorf("%s is a child of %q (%s), want %q", n.name, names[parent], parent, n.parent)
	}
	if s.service != n.service || s.Kind() != n.kind || (s.Status().Code() == ptrace.StatusCodeError) != n.failed {
		t.Errorf("%s: service %s, kind %s, status %s", n.name, s.service, s.Kind(), s.Status().Code())
	}
	links := make(map[string]string)
	for _, l := range s.Links().All() {
		relation, _ := l.Attributes().Get("posthaste.link")
		links[relation.Str()] = names[l.SpanID().String()]
	}
	if !maps.Equal(links, n.links) {
		t.Errorf("%s links to %v, want %v", n.name, links, n.links)
	}
	for key, want := range n.attributes {
		got := "" // also where there is none
		if value, ok := s.Attributes().Get(key); ok {
			got = value.AsString()
		}
		if got != want {
			t.Errorf("%s: %s is %q, want %q", n.name, key, got, want)
		}
	}
}

func traceparent(s traceSpan) string {
	return "00-" + s.TraceID().String() + "-" + s.SpanID().String() + "-01"
}

// checkRest waits for metrics of each kind, and for the log of a service.
func (c *collector) checkRest(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"posthaste.ingest.events", "posthaste.router.events", "posthaste.router.deliveries", "posthaste.dispatcher.attempts",
		"posthaste.dispatcher.deliveries", "posthaste.dispatcher.post.duration", "posthaste.history.records", "go.goroutine.count",
	} {
		eventually(t, "the metric "+name, func() bool { return c.metrics(t)[name] }, nil)
	}
	eventually(t, "four services to say that they run", func() bool { return len(c.logs(t, "running")) >= 4 }, nil)
}
