package bus

import (
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// traceHeaders go with a message wherever it goes.
var traceHeaders = [...]string{HeaderTraceparent, HeaderTracestate, HeaderSpanParent, HeaderSpanEvent, HeaderSpanPrevious}

// TraceContext copies what a message's headers say of traces, nil where that is
// nothing. The result has room for the Msg-Id.
func TraceContext(h nats.Header) nats.Header {
	if _, ok := h[jetstream.MsgIDHeader]; ok && len(h) == 1 {
		return nil // the most common, and the cheapest to see
	}
	var out nats.Header
	for _, name := range traceHeaders {
		if v, ok := h[name]; ok {
			if out == nil {
				out = make(nats.Header, len(h))
			}
			out[name] = v
		}
	}
	return out
}

// EventTrace is TraceContext for a message in EVENTS, where strangers publish:
// W3C Trace Context, section 3.2.1, has its names in any case. They are copied in
// lower case. A traceparent that no HTTP header may hold is none.
func EventTrace(h nats.Header) nats.Header {
	out := TraceContext(h)
	for name, values := range h {
		for _, want := range traceHeaders[:2] {
			if len(name) == len(want) && name != want && strings.EqualFold(name, want) && out[want] == nil {
				if out == nil {
					out = make(nats.Header, len(h))
				}
				out[want] = values
			}
		}
	}
	for _, want := range traceHeaders[:2] {
		if values, ok := out[want]; ok && !printable(values) {
			delete(out, want)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// printable says whether the header can be passed on: one value of ASCII.
func printable(values []string) bool {
	if len(values) != 1 || len(values[0]) > maxTraceHeader {
		return false
	}
	for i := range len(values[0]) {
		if c := values[0][i]; c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// maxTraceHeader is four times what W3C Trace Context asks to be passed on of a
// tracestate, in bytes.
const maxTraceHeader = 2048
