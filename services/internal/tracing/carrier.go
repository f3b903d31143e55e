package tracing

import (
	"strings"

	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/trace"

	"github.com/posthaste/posthaste/services/internal/bus"
)

// Form of a traceparent: W3C Trace Context, section 3.2. Later versions begin
// alike and may go on.
const (
	parentLen = 55
	traceAt   = 3
	spanAt    = 36
	flagsAt   = 53
)

// format is the span as a traceparent.
func format(sc trace.SpanContext) string {
	id, span := sc.TraceID(), sc.SpanID()
	var b [parentLen]byte
	copy(b[:], "00-")
	hexInto(b[traceAt:], id[:])
	b[spanAt-1] = '-'
	hexInto(b[spanAt:], span[:])
	b[flagsAt-1] = '-'
	hexInto(b[flagsAt:], []byte{byte(sc.TraceFlags())})
	return string(b[:])
}

func hexInto(dst, src []byte) {
	const digits = "0123456789abcdef"
	for i, c := range src {
		dst[2*i], dst[2*i+1] = digits[c>>4], digits[c&0xf]
	}
}

// parse reads a traceparent; what is none gives a context that is not valid.
func parse(parent, state string) trace.SpanContext {
	if len(parent) < parentLen || parent[2] != '-' || parent[spanAt-1] != '-' || parent[flagsAt-1] != '-' {
		return trace.SpanContext{}
	}
	version, ok := hexByte(parent)
	if !ok || version == 0xff || version == 0 && len(parent) != parentLen || len(parent) > parentLen && parent[parentLen] != '-' {
		return trace.SpanContext{}
	}
	id, err1 := trace.TraceIDFromHex(parent[traceAt : spanAt-1])
	span, err2 := trace.SpanIDFromHex(parent[spanAt : flagsAt-1])
	flags, ok := hexByte(parent[flagsAt:])
	if err1 != nil || err2 != nil || !ok {
		return trace.SpanContext{}
	}
	cfg := trace.SpanContextConfig{TraceID: id, SpanID: span, TraceFlags: trace.TraceFlags(flags) & knownFlags, Remote: true}
	if state != "" {
		if parsed, err := trace.ParseTraceState(state); err == nil { // else as if it were not there
			cfg.TraceState = parsed
		}
	}
	return trace.NewSpanContext(cfg)
}

// knownFlags are those that may be passed on: sampled, and random of level 2.
const knownFlags = trace.FlagsSampled | 0x02

func hexByte(s string) (byte, bool) {
	high, low := strings.IndexByte("0123456789abcdef", s[0]), strings.IndexByte("0123456789abcdef", s[1])
	return byte(high<<4 | low), high >= 0 && low >= 0
}

// first is the header's value, "" where it has none.
func first(h nats.Header, name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// spanOf is the span that the header names.
func spanOf(h nats.Header, name string) trace.SpanContext {
	if parent := first(h, name); parent != "" {
		return parse(parent, first(h, bus.HeaderTracestate))
	}
	return trace.SpanContext{}
}

// set writes the span into the header; one that is not valid leaves it.
func set(h nats.Header, name string, sc trace.SpanContext) {
	if sc.IsValid() {
		h[name] = []string{format(sc)}
	}
}
