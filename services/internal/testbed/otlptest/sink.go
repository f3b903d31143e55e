// Package otlptest takes what OTLP exporters send, over HTTP.
package otlptest

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Sink is a collector that keeps what comes. It is safe for concurrent use.
type Sink struct {
	*httptest.Server

	mu      sync.Mutex
	bodies  map[string][][]byte // by path, unpacked
	traces  []*coltrace.ExportTraceServiceRequest
	metrics []*colmetrics.ExportMetricsServiceRequest
	logs    []*collogs.ExportLogsServiceRequest
}

// New starts one. Close ends it.
func New() *Sink {
	s := &Sink{bodies: make(map[string][][]byte)}
	s.Server = httptest.NewServer(http.HandlerFunc(s.take))
	return s
}

func (s *Sink) take(w http.ResponseWriter, r *http.Request) {
	body, err := read(r)
	if err == nil {
		err = s.keep(r.URL.Path, body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf") // an empty answer is all that is wanted
}

func read(r *http.Request) ([]byte, error) {
	var from io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzip, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, err
		}
		from = unzip
	}
	return io.ReadAll(from)
}

func (s *Sink) keep(path string, body []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bodies[path] = append(s.bodies[path], body)
	switch path {
	case "/v1/traces":
		req := &coltrace.ExportTraceServiceRequest{}
		s.traces = append(s.traces, req)
		return proto.Unmarshal(body, req)
	case "/v1/metrics":
		req := &colmetrics.ExportMetricsServiceRequest{}
		s.metrics = append(s.metrics, req)
		return proto.Unmarshal(body, req)
	case "/v1/logs":
		req := &collogs.ExportLogsServiceRequest{}
		s.logs = append(s.logs, req)
		return proto.Unmarshal(body, req)
	}
	return nil
}

func flat(req *coltrace.ExportTraceServiceRequest) (out []*tracepb.Span) {
	for _, r := range req.GetResourceSpans() {
		for _, scope := range r.GetScopeSpans() {
			out = append(out, scope.GetSpans()...)
		}
	}
	return out
}

// Spans are all that have come.
func (s *Sink) Spans() (out []*tracepb.Span) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, req := range s.traces {
		out = append(out, flat(req)...)
	}
	return out
}

// Resources are the attributes of those that spans came from, as text.
func (s *Sink) Resources() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]string)
	for _, req := range s.traces {
		for _, r := range req.GetResourceSpans() {
			for _, kv := range r.GetResource().GetAttributes() {
				out[kv.GetKey()] = kv.GetValue().GetStringValue()
			}
		}
	}
	return out
}

// Metrics are the names of all that have come.
func (s *Sink) Metrics() map[string]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]bool)
	for _, req := range s.metrics {
		for _, r := range req.GetResourceMetrics() {
			for _, scope := range r.GetScopeMetrics() {
				for _, m := range scope.GetMetrics() {
					out[m.GetName()] = true
				}
			}
		}
	}
	return out
}

// Line is a line of a log.
type Line struct{ Text, Severity, TraceID string }

// Logs are all lines that have come.
func (s *Sink) Logs() (out []Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, req := range s.logs {
		for _, r := range req.GetResourceLogs() {
			for _, scope := range r.GetScopeLogs() {
				for _, l := range scope.GetLogRecords() {
					out = append(out, Line{l.GetBody().GetStringValue(), l.GetSeverityText(), string(l.GetTraceId())})
				}
			}
		}
	}
	return out
}

// All is everything that came by one of /v1/traces, /v1/metrics and /v1/logs.
func (s *Sink) All(path string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Join(s.bodies[path], nil)
}

// Holds says whether something that came has text in it, wherever.
func (s *Sink) Holds(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, bodies := range s.bodies {
		for _, body := range bodies {
			if bytes.Contains(body, []byte(text)) {
				return true
			}
		}
	}
	return false
}
