package eventlog

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/bustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is an EVENTS on a server of its own, and how to restart that.
type house struct {
	nats *testbed.NATS
	bus  *bus.Bus
	log  *Log
}

func newHouse(tb testing.TB) *house {
	tb.Helper()
	h := &house{nats: testbed.StartNATS(tb)}
	h.bus = bustest.Connect(tb, h.nats.URL(), slog.New(slog.DiscardHandler))
	h.log = New(h.bus, event.Limits{EventBytes: 256 << 10, BatchEvents: 1})
	return h
}

// publish publishes an event and returns its sequence.
func (h *house) publish(tb testing.TB, tenant, eventType, data string) uint64 {
	tb.Helper()
	return h.send(tb, &nats.Msg{Subject: "events." + tenant + "." + eventType, Data: []byte(data)})
}

func (h *house) send(tb testing.TB, m *nats.Msg) uint64 {
	tb.Helper()
	ack, err := h.bus.JS.PublishMsg(tb.Context(), m)
	if err != nil {
		tb.Fatal(err)
	}
	return ack.Sequence
}

// fill publishes n events, whose tenants and types come from names in turn.
func (h *house) fill(tb testing.TB, n, size int, names func(i int) (tenant, eventType string)) {
	tb.Helper()
	publisher := h.bus.NewPublisher(4096, 64<<20)
	filler := slices.Repeat([]byte("x"), size)
	for all := 0; all < n; {
		msgs := make([]bus.Msg, min(1000, n-all))
		for i := range msgs {
			tenant, eventType := names(all)
			msgs[i] = bus.Msg{
				Subject: "events." + tenant + "." + eventType, ID: fmt.Sprintf("m%d", all),
				Data: fmt.Appendf(nil, `{"id":"e%d","data":{"n":%d,"filler":"%s"}}`, all, all, filler),
			}
			all++
		}
		if err := publisher.PublishOnce(tb.Context(), msgs, nil); err != nil {
			tb.Fatal(err)
		}
	}
}

func (h *house) events(tb testing.TB) jetstream.Stream {
	tb.Helper()
	stream, err := h.bus.JS.Stream(tb.Context(), bus.StreamEvents)
	if err != nil {
		tb.Fatal(err)
	}
	return stream
}

// drop purges what is stored before the sequence, as age does.
func (h *house) drop(tb testing.TB, before uint64) {
	tb.Helper()
	if err := h.events(tb).Purge(tb.Context(), jetstream.WithPurgeSequence(before)); err != nil {
		tb.Fatal(err)
	}
}

// consumers are the names of those that EVENTS has.
func (h *house) consumers(tb testing.TB) []string {
	tb.Helper()
	var names []string
	lister := h.events(tb).ConsumerNames(tb.Context())
	for name := range lister.Name() {
		names = append(names, name)
	}
	if err := lister.Err(); err != nil {
		tb.Fatal(err)
	}
	return names
}

// all reads the range page by page.
func (h *house) all(tb testing.TB, r Range, limit int) []uint64 {
	tb.Helper()
	var found []uint64
	for {
		entries, next, more, err := h.log.Page(tb.Context(), r, limit)
		if err != nil {
			tb.Fatal(err)
		}
		if len(entries) > limit || next < r.After {
			tb.Fatalf("%d entries and cursor %d after %d", len(entries), next, r.After)
		}
		if found = append(found, sequences(entries)...); !more {
			return found
		}
		r.After = next
	}
}

func sequences(entries []Entry) []uint64 {
	all := make([]uint64, len(entries))
	for i, e := range entries {
		all[i] = e.Sequence
	}
	return all
}
