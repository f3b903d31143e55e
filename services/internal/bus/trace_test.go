package bus

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func TestTraceContext(t *testing.T) {
	t.Parallel()
	ours := nats.Header{
		HeaderTraceparent: {"p"}, HeaderTracestate: {"s"}, HeaderSpanParent: {"a"}, HeaderSpanEvent: {"b"}, HeaderSpanPrevious: {"c"},
	}
	theirs := nats.Header{jetstream.MsgIDHeader: {"1"}, "Traceparent": {"x"}}
	for name, values := range ours {
		theirs[name] = values
	}
	if diff := cmp.Diff(ours, TraceContext(theirs)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, h := range []nats.Header{nil, {jetstream.MsgIDHeader: {"1"}}, {"Other": {"x"}}} {
		if got := TraceContext(h); got != nil {
			t.Errorf("%v has %v", h, got)
		}
	}
}

func TestEventTrace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want nats.Header }{
		"none":               {nats.Header{"Other": {"x"}}, nil},
		"lower case":         {nats.Header{"traceparent": {"p"}, "tracestate": {"s"}}, nats.Header{"traceparent": {"p"}, "tracestate": {"s"}}},
		"as Go writes it":    {nats.Header{"Traceparent": {"p"}, "Tracestate": {"s"}}, nats.Header{"traceparent": {"p"}, "tracestate": {"s"}}},
		"lower case is ours": {nats.Header{"TRACEPARENT": {"q"}, "traceparent": {"p"}}, nats.Header{"traceparent": {"p"}}},
		"alone":              {nats.Header{"traceparent": {"p"}}, nats.Header{"traceparent": {"p"}}},
		"two":                {nats.Header{"traceparent": {"p", "q"}}, nil},
		"no HTTP header":     {nats.Header{"traceparent": {"p\x01"}, "tracestate": {"é"}}, nil},
		"too long":           {nats.Header{"traceparent": {"p"}, "tracestate": {strings.Repeat("a", 2049)}}, nats.Header{"traceparent": {"p"}}},
	} {
		if diff := cmp.Diff(c.want, EventTrace(c.in)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}
