package router

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/embedded"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// Whatever cannot be read is set aside as it came, and the router goes on.
func TestRejects(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.wish(t, []string{"*"})
	h.router(t, time.Second)
	for name, c := range map[string]struct {
		subject, data, reason string
		header                nats.Header
	}{
		"no JSON":       {"events.t.x", `{"data":`, "", nil},
		"an array":      {"events.t.x", `[{"data":1},{"data":2}]`, "array", nil},
		"no data":       {"events.t.x", `{"id":"1"}`, "data", nil},
		"another type":  {"events.t.x", `{"type":"y","data":1}`, "type", nil},
		"another owner": {"events.t.x", `{"tenant":"u","data":1}`, "tenant", nil},
		"binary":        {"events.t.x", "\xff\x00\xfe", "protobuf", nil},
		"nothing":       {"events.t.x", "", "", nil},
		"bad type":      {"events.t.Ünfit", `{"data":1}`, "type", nil},
		"bad tenant":    {"events.T€.x", `{"data":1}`, "tenant", nil},
		"no type":       {"events.t", `{"data":1}`, "events.<tenant>.<type>", nil},
		"too large":     {"events.t.x", `{"data":"` + repeat("x", 300<<10) + `"}`, "larger than", nil},
		"media type":    {"events.t.x", `a: 1`, "", nats.Header{"Content-Type": {"text/yaml"}, "X-Own": {"kept"}, "Nats-Expected-Stream": {"EVENTS"}}},
		"cloud event":   {"events.t.x", `1`, "", nats.Header{"ce-specversion": {"9"}, "ce-id": {"1"}, "ce-type": {"x"}, "ce-source": {"/"}}},
	} {
		seq := h.publish(t, c.subject, c.header, c.data)
		h.routed(t)
		msg := h.last(t)
		if got := msg.Header.Get(bus.HeaderRejectSubject); got != c.subject {
			t.Errorf("%s (%d): set aside is that of %s", name, seq, got)
			continue
		}
		reason := msg.Header.Get(bus.HeaderRejectReason)
		if reason == "" || !strings.Contains(reason, c.reason) {
			t.Errorf("%s: the reason is %q, want …%s…", name, reason, c.reason)
		}
		if string(msg.Data) != c.data {
			t.Errorf("%s: %d bytes set aside, want the %d as they came", name, len(msg.Data), len(c.data))
		}
		if own := c.header.Get("X-Own"); msg.Header.Get("X-Own") != own || msg.Header.Get("Nats-Expected-Stream") != "" {
			t.Errorf("%s: the headers are %v", name, msg.Header)
		}
		if want := "rejected."; !strings.HasPrefix(msg.Subject, want) || strings.Contains(msg.Subject, "€") {
			t.Errorf("%s: set aside on %s", name, msg.Subject)
		}
	}
	h.event(t, 1)
	h.routed(t)
	h.once(t, 1)
}

func (h *house) last(t *testing.T) *jetstream.RawStreamMsg {
	t.Helper()
	s, err := h.bus.JS.Stream(t.Context(), bus.StreamRejected)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := s.GetMsg(t.Context(), s.CachedInfo().State.LastSeq)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// An event that fills NATS's limit has no room for a reason: its beginning is
// kept. It is the same where the room is taken by its headers.
func TestRejectsWhatHasNoRoom(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.router(t, time.Second)
	for name, msg := range map[string]struct {
		header nats.Header
		data   string
	}{
		"data":    {nil, repeat("x", embedded.MaxPayload)},
		"headers": {nats.Header{"X-Long": {repeat("y", 64<<10-100)}}, "odd"},
		"media":   {nats.Header{"Content-Type": {repeat("y", 64<<10-100)}}, "odd"},
	} {
		h.publish(t, "events.t.x", msg.header, msg.data)
		h.routed(t)
		got := h.last(t)
		if got.Header.Get(bus.HeaderRejectTruncated) != "true" || !strings.HasPrefix(msg.data, string(got.Data)) {
			t.Errorf("%s: %d bytes, truncated: %q", name, len(got.Data), got.Header.Get(bus.HeaderRejectTruncated))
		}
		if reason := got.Header.Get(bus.HeaderRejectReason); reason == "" || len(reason) > maxReason {
			t.Errorf("%s: the reason has %d bytes", name, len(reason))
		}
	}
	if n := len(testbed.Messages(t, h.bus.JS, bus.StreamRejected)); n != 3 {
		t.Errorf("%d set aside, want 3", n)
	}
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	if got := oneLine("a\r\nNats-Msg-Id: 1\tü"); got != "a  Nats-Msg-Id: 1 ü" {
		t.Errorf("%q", got)
	}
}
