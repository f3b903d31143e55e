package tracing

import (
	"net"
	"net/http"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Server has each request in a span of its own, which continues the client's
// trace. The query is not shown. A nil tracer returns next itself.
func (t *Tracer) Server(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if parent := r.Header["Traceparent"]; len(parent) == 1 { // of two none holds
			if sc := parse(parent[0], strings.Join(r.Header["Tracestate"], ",")); sc.IsValid() {
				ctx = trace.ContextWithRemoteSpanContext(ctx, sc)
			}
		}
		ctx, span := t.tracer.Start(ctx, method(r), asServer...)
		defer span.End()
		r = r.WithContext(ctx)
		if !span.IsRecording() {
			next.ServeHTTP(w, r)
			return
		}
		asked(span, r)
		answer := &answer{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answer, r)
		answered(span, r, answer.status)
	})
}

// method is the request's, or the convention's word for what is none: a client
// can make up any.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	default:
		return "_OTHER"
	}
}

func asked(span trace.Span, r *http.Request) {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	span.SetAttributes(semconv.HTTPRequestMethodKey.String(method(r)), semconv.URLPath(r.URL.Path), semconv.URLScheme(scheme))
	if host, port, err := net.SplitHostPort(r.Host); err == nil {
		span.SetAttributes(semconv.ServerAddress(host))
		if n, err := strconv.Atoi(port); err == nil {
			span.SetAttributes(semconv.ServerPort(n))
		}
	}
	if agent := r.UserAgent(); agent != "" {
		span.SetAttributes(semconv.UserAgentOriginal(agent))
	}
}

func answered(span trace.Span, r *http.Request, status int) {
	span.SetAttributes(semconv.HTTPResponseStatusCode(status))
	if _, route, ok := strings.Cut(r.Pattern, " "); ok || r.Pattern != "" {
		if !ok {
			route = r.Pattern
		}
		span.SetName(method(r) + " " + route)
		span.SetAttributes(semconv.HTTPRoute(route))
	}
	if status >= http.StatusInternalServerError { // the client's faults are not the server's
		span.SetAttributes(semconv.ErrorTypeKey.String(strconv.Itoa(status)))
		span.SetStatus(codes.Error, "")
	}
}

// answer notes the status.
type answer struct {
	http.ResponseWriter
	status int
	wrote  bool
}

func (a *answer) WriteHeader(status int) {
	if !a.wrote && status >= http.StatusOK { // what comes before is not the answer
		a.status, a.wrote = status, true
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	a.wrote = true
	return a.ResponseWriter.Write(b)
}

// Unwrap leads http.ResponseController to what else the writer can do.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
