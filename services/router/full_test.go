//go:build !race

// nats-server 2.15.2 itself races where a stream is changed while consumers of it
// are made.

package router

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// Where DELIVERIES is full events wait to be routed, and none is lost: as soon as
// there is room their deliveries are made, each once.
func TestHoldsEventsWhileDeliveriesIsFull(t *testing.T) {
	t.Parallel()
	const events = 20
	h := newHouse(t, func(c *bus.Config) { c.DeliveriesMaxBytes = 4000 })
	h.wish(t, []string{"*"})
	h.router(t, time.Second)
	for i := range events {
		h.publish(t, "events.t.task.done", nil, fmt.Sprintf(`{"id":"e%d","data":%q}`, i, strings.Repeat("x", 500)))
	}
	testbed.Eventually(t, "all events are in the router's hands", func() bool {
		return h.consumer(t).NumPending == 0
	})
	stored := len(testbed.Messages(t, h.bus.JS, bus.StreamDeliveries))
	if stored == 0 || stored > 10 {
		t.Fatalf("%d deliveries are stored; the test wants a few", stored)
	}
	if held := h.consumer(t).NumAckPending; held < events-stored {
		t.Errorf("%d events are held, and %d deliveries are stored of %d", held, stored, events)
	}
	lane, err := h.bus.JS.Consumer(t.Context(), bus.StreamDeliveries, string(bus.LaneFresh))
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]int)
	for range events {
		msg, err := lane.Next(jetstream.FetchMaxWait(testbed.Patience))
		if err != nil {
			t.Fatalf("after %d deliveries: %v", len(got), err)
		}
		got[msg.Headers().Get(jetstream.MsgIDHeader)]++
		if err := msg.DoubleAck(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	h.routed(t)
	if len(got) != events || len(testbed.Messages(t, h.bus.JS, bus.StreamDeliveries)) != 0 {
		t.Errorf("%d deliveries of %d came, some of them more than once: %v", len(got), events, got)
	}
}
