package tracing

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

func TestServer(t *testing.T) {
	t.Parallel()
	tr, recorded := tracer(t, 100)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/things/{id}", func(w http.ResponseWriter, r *http.Request) {
		if !trace.SpanFromContext(r.Context()).IsRecording() {
			t.Error("the handler is in no span")
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Errorf("a stream cannot flush: %v", err)
		}
	})
	mux.HandleFunc("/v1/broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	handler := tr.Server(mux)
	for _, c := range []struct {
		method, path, parent string
		name, route, inTrace string
		status               int
	}{
		{"GET", "/v1/things/1?token=s3cret", sampled, "GET /v1/things/{id}", "/v1/things/{id}", parentTrace, 200},
		{"GET", "/v1/things/2", "nonsense", "GET /v1/things/{id}", "/v1/things/{id}", "", 200},
		{"MADEUP", "/v1/broken", "", "_OTHER /v1/broken", "/v1/broken", "", 503},
		{"POST", "/v1/nowhere", "", "POST", "", "", 404},
	} {
		req := httptest.NewRequest(c.method, "http://api.example:8080"+c.path, nil)
		if c.parent != "" {
			req.Header.Set("Traceparent", c.parent)
		}
		req.Header.Set("User-Agent", "test")
		handler.ServeHTTP(httptest.NewRecorder(), req)
		spans := recorded.Ended()
		s := spans[len(spans)-1]
		want := map[string]any{
			"http.request.method": c.method, "url.path": req.URL.Path, "url.scheme": "http", "server.address": "api.example",
			"server.port": int64(8080), "user_agent.original": "test", "http.response.status_code": int64(c.status),
		}
		if c.method == "MADEUP" {
			want["http.request.method"], want["error.type"] = "_OTHER", "503"
		}
		if c.route != "" {
			want["http.route"] = c.route
		}
		if diff := cmp.Diff(want, attributes(s)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.path, diff)
		}
		if s.Name() != c.name || s.SpanKind() != trace.SpanKindServer || (s.Status().Code == codes.Error) != (c.status >= 500) {
			t.Errorf("%s: %s, %s, %v", c.path, s.Name(), s.SpanKind(), s.Status())
		}
		if got := s.SpanContext().TraceID().String(); c.inTrace != "" && got != c.inTrace || s.Parent().IsValid() != (c.inTrace != "") {
			t.Errorf("%s: trace %s, parent %v", c.path, got, s.Parent())
		}
	}
}

// What is not sampled passes through as it is.
func TestServerNotSampled(t *testing.T) {
	t.Parallel()
	tr, recorded := tracer(t, 100)
	w := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	req.Header.Set("Traceparent", unsampled)
	tr.Server(http.HandlerFunc(func(got http.ResponseWriter, r *http.Request) {
		if got != http.ResponseWriter(w) || trace.SpanContextFromContext(r.Context()).TraceID().String() != parentTrace {
			t.Error("the writer is another one, or the trace is lost")
		}
	})).ServeHTTP(w, req)
	if len(recorded.Ended()) != 0 {
		t.Error("a span was recorded")
	}
}
