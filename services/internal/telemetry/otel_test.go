package telemetry

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/otlptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, idle...) }

// open opens telemetry that logs to the buffer, with these variables.
func open(t *testing.T, log io.Writer, variables map[string]string) (*Telemetry, error) {
	t.Helper()
	for name, value := range variables {
		t.Setenv(name, value)
	}
	cfg := settings.Defaults[Config]()
	cfg.LogFormat = "json"
	return Open(t.Context(), "test", cfg, NewLogger(cfg, log))
}

func mustOpen(t *testing.T, log io.Writer, variables map[string]string) *Telemetry {
	t.Helper()
	tel, err := open(t, log, variables)
	if err != nil {
		t.Fatal(err)
	}
	return tel
}

func TestWanted(t *testing.T) {
	for name, c := range map[string]struct {
		variables map[string]string
		want      string // traces, metrics, logs
	}{
		"nothing":             {nil, "---"},
		"an endpoint":         {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, "tml"},
		"one signal's":        {map[string]string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://c:4318/m"}, "-m-"},
		"but for one":         {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_LOGS_EXPORTER": "none"}, "tm-"},
		"an exporter":         {map[string]string{"OTEL_TRACES_EXPORTER": "console"}, "t--"},
		"empty is not set":    {map[string]string{"OTEL_TRACES_EXPORTER": "", "OTEL_EXPORTER_OTLP_ENDPOINT": ""}, "---"},
		"all off":             {map[string]string{"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"}, "---"},
		"a sampler is no ask": {map[string]string{"OTEL_TRACES_SAMPLER": "always_on"}, "---"},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range c.variables {
				t.Setenv(variable, value)
			}
			got := ""
			for _, s := range []string{traces, metrics, logs} {
				if wanted(s) {
					got += strings.ToLower(s[:1])
				} else {
					got += "-"
				}
			}
			if got != c.want {
				t.Errorf("wanted %s, want %s", got, c.want)
			}
		})
	}
}

func TestNothingIsSentUnasked(t *testing.T) {
	var log bytes.Buffer
	tel := mustOpen(t, &log, nil)
	handler := http.NotFoundHandler()
	if !tel.Tracer("x").Off() || tel.traces != nil || tel.logs != nil {
		t.Error("traces or logs go somewhere")
	}
	if _, same := tel.Server(handler).(http.HandlerFunc); !same {
		t.Error("requests pass through something")
	}
	if _, same := tel.Log().Handler().(*slog.JSONHandler); !same {
		t.Error("the log passes through something")
	}
	if err := tel.Close(); err != nil {
		t.Error(err)
	}
}

// One variable sends everything.
func TestEndpoint(t *testing.T) {
	sink := otlptest.New()
	defer sink.Close()
	var log bytes.Buffer
	tel := mustOpen(t, &log, map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": sink.URL, "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test",
	})
	counter, err := tel.Meter("x").Int64Counter("posthaste.test")
	if err != nil {
		t.Fatal(err)
	}
	counter.Add(t.Context(), 1)
	server := tel.Server(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, span := tel.Tracer("x").Publish(r.Context(), nil)
		span.End()
		tel.Log().WarnContext(r.Context(), "inside", "key", settings.Secret("s3cret"))
		tel.Log().DebugContext(r.Context(), "too low")
	}))
	req := httptest.NewRequest(http.MethodPost, "/v1/events?token=s3cret", nil)
	req.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	req.Header.Set("Authorization", "Bearer s3cret")
	server.ServeHTTP(httptest.NewRecorder(), req)
	if err := tel.Close(); err != nil {
		t.Fatal(err)
	}

	spans := sink.Spans()
	if len(spans) != 2 || !bytes.Equal(spans[0].GetParentSpanId(), spans[1].GetSpanId()) {
		t.Fatalf("spans %v", spans)
	}
	if got := trace.TraceID(spans[1].GetTraceId()).String(); got != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("trace %s", got)
	}
	about := sink.Resources()
	for key, want := range map[string]string{"service.name": "posthaste-test", "deployment.environment.name": "test", "service.version": "*", "service.instance.id": "*", "host.name": "*"} {
		if got := about[key]; got == "" || want != "*" && got != want {
			t.Errorf("%s is %q, want %s", key, got, want)
		}
	}
	if names := sink.Metrics(); !names["posthaste.test"] || !names["go.goroutine.count"] {
		t.Errorf("metrics %v", names)
	}
	if lines := sink.Logs(); len(lines) != 1 || lines[0].Text != "inside" || lines[0].Severity != "WARN" || lines[0].TraceID != string(spans[1].GetTraceId()) {
		t.Errorf("log %v", lines)
	}
	var line map[string]any
	if err := json.Unmarshal(log.Bytes(), &line); err != nil || line["trace_id"] != "0af7651916cd43dd8448eb211c80319c" || line["span_id"] != trace.SpanID(spans[1].GetSpanId()).String() {
		t.Errorf("log %s: %v", log.String(), err)
	}
	if sink.Holds("s3cret") {
		t.Error("a secret is exported")
	}
}

func TestServiceName(t *testing.T) {
	sink := otlptest.New()
	defer sink.Close()
	tel := mustOpen(t, io.Discard, map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": sink.URL + "/v1/traces", "OTEL_SERVICE_NAME": "mine"})
	_, span := tel.Tracer("x").Process(t.Context(), nil)
	span.End()
	if err := tel.Close(); err != nil {
		t.Fatal(err)
	}
	if got := sink.Resources()["service.name"]; got != "mine" {
		t.Errorf("service %s", got)
	}
}

func TestSampler(t *testing.T) {
	sink := otlptest.New()
	defer sink.Close()
	tel := mustOpen(t, io.Discard, map[string]string{
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": sink.URL + "/v1/traces", "OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0",
	})
	ctx, span := tel.Tracer("x").Process(t.Context(), nil)
	span.End()
	if err := tel.Close(); err != nil {
		t.Fatal(err)
	}
	if len(sink.Spans()) != 0 || !trace.SpanContextFromContext(ctx).IsValid() {
		t.Error("a trace that is left out was sent, or has no id")
	}
}

func TestExporterNobodyKnows(t *testing.T) {
	for variable, value := range map[string]string{
		"OTEL_TRACES_EXPORTER": "zipkin", "OTEL_METRICS_EXPORTER": "zipkin", "OTEL_LOGS_EXPORTER": "zipkin",
	} {
		t.Run(variable, func(t *testing.T) {
			_, err := open(t, io.Discard, map[string]string{variable: value})
			if err == nil || !strings.HasPrefix(err.Error(), variable+"=zipkin") {
				t.Errorf("%v", err)
			}
		})
	}
}

// A collector that is away, or that takes and never answers, holds nobody up and
// leaves nothing behind.
func TestDeadCollector(t *testing.T) {
	for name, endpoint := range map[string]string{"nothing listens": "http://" + closed(t), "it never answers": "http://" + silent(t)} {
		for _, protocol := range []string{"http/protobuf", "grpc"} {
			t.Run(name+" "+protocol, func(t *testing.T) {
				before := goleak.IgnoreCurrent()
				log := &testbed.Log{}
				tel := mustOpen(t, log, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol})
				for range 10_000 { // more than its queue holds
					_, span := tel.Tracer("x").Process(t.Context(), nil)
					span.End()
					tel.Log().Debug("line")
				}
				tel.Log().Info("line")
				if err := tel.Close(); err == nil {
					t.Error("nothing was said of what was not sent")
				}
				testbed.Eventually(t, "exporters to give up", func() bool { return goleak.Find(before, idle[0], idle[1]) == nil })
			})
		}
	}
}

// idle are connections that came too late for their request. The exporter's
// transport keeps them for 90 s.
var idle = []goleak.Option{goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop")}

func closed(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// silent listens, and accepts nobody.
func silent(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// Faults are told once in a while, without the values that come with them.
func TestFaults(t *testing.T) {
	var log bytes.Buffer
	listen(NewLogger(Config{LogFormat: "text"}, &log))
	for range 10 {
		otel.Handle(errors.New("collector is away"))
	}
	if got := log.String(); strings.Count(got, "collector is away") != 1 || !strings.Contains(got, "level=WARN") {
		t.Errorf("log %s", got)
	}
	log.Reset()
	f := &faults{log: NewLogger(Config{LogFormat: "text"}, &log)}
	faultSink{f}.Error(errors.New("parse headers"), "m", "input", "s3cret")
	if got := log.String(); !strings.Contains(got, "parse headers") || strings.Contains(got, "s3cret") {
		t.Errorf("log %s", got)
	}
}

func TestConfig(t *testing.T) {
	cfg := settings.Defaults[Config]()
	if err := cfg.Validate(); err != nil || cfg.TraceFanOut != 100 {
		t.Errorf("%+v: %v", cfg, err)
	}
	cfg.TraceFanOut = -1
	if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), "trace-fan-out: ") {
		t.Error(err)
	}
}
