package bus

import "github.com/nats-io/nats.go"

// TraceContext copies the W3C trace context of a message's headers, nil where
// there is none. The result has room for the Msg-Id.
func TraceContext(h nats.Header) nats.Header {
	var out nats.Header
	for _, name := range []string{HeaderTraceparent, HeaderTracestate} {
		if v, ok := h[name]; ok {
			if out == nil {
				out = make(nats.Header, 3)
			}
			out[name] = v
		}
	}
	return out
}
