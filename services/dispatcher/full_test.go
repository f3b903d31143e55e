//go:build !race

// nats-server 2.15.2 itself races where a stream is changed while consumers of it
// are made.

package dispatcher

import (
	"net/http"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// holds changes how much a stream holds, -1 for no limit, and has it refuse what is
// more.
func (h *house) holds(t *testing.T, stream string, messages int64) {
	t.Helper()
	info, err := h.bus.StreamInfo(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	info.Config.MaxMsgs, info.Config.Discard = messages, jetstream.DiscardNew
	if _, err := h.bus.JS.UpdateStream(t.Context(), info.Config); err != nil {
		t.Fatal(err)
	}
}

// Where DELAYS is full a delivery that must wait stays where it is, and goes on
// when there is room, without another POST.
func TestKeepsWhatMustWaitWhileDelaysIsFull(t *testing.T) {
	t.Parallel()
	const n = 5
	h := newHouse(t, func(c *bus.Config) { c.DelaysMaxBytes = 700 }) // one or two
	h.start(t)
	e := newEndpoint(t, func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(http.StatusInternalServerError) })
	h.fresh(t, h.wish(t, e.URL, delays(time.Hour)), n)
	h.attempts(t, n)
	testbed.Eventually(t, "some wait", func() bool { return h.count(t, bus.StreamDelays) > 0 })
	waiting := h.count(t, bus.StreamDelays)
	if waiting == n {
		t.Fatalf("all of %d wait; the test wants a part", n)
	}
	// Which are counted later, and none may be in neither.
	if kept, waiting := h.count(t, bus.StreamDeliveries), h.count(t, bus.StreamDelays); kept == 0 || kept+waiting < n {
		t.Errorf("%d are kept and %d wait of %d", kept, waiting, n)
	}
	h.holds(t, bus.StreamDelays, -1)
	info, err := h.bus.StreamInfo(t.Context(), bus.StreamDelays)
	if err != nil {
		t.Fatal(err)
	}
	info.Config.MaxBytes = -1
	if _, err := h.bus.JS.UpdateStream(t.Context(), info.Config); err != nil {
		t.Fatal(err)
	}
	testbed.Eventually(t, "all wait", func() bool {
		return h.count(t, bus.StreamDelays) == n && h.count(t, bus.StreamDeliveries) == 0
	})
	if e.count() != n {
		t.Errorf("%d POSTs, want %d", e.count(), n)
	}
}

// A delivery whose record cannot be written is kept until it can be, and is given
// back where the dispatcher stops before.
func TestKeepsWhatIsNotRecorded(t *testing.T) {
	t.Parallel()
	const n = 3
	h := newHouse(t)
	h.holds(t, bus.StreamAttempts, 1)
	stop := h.start(t)
	e := newEndpoint(t, nil)
	h.fresh(t, h.wish(t, e.URL), n)
	testbed.Eventually(t, "all are POSTed", func() bool { return e.count() == n })
	testbed.Eventually(t, "one is recorded", func() bool { return h.count(t, bus.StreamDeliveries) == n-1 })
	stop()
	if kept := h.count(t, bus.StreamDeliveries); kept != n-1 {
		t.Errorf("%d are kept, want %d", kept, n-1)
	}
	h.holds(t, bus.StreamAttempts, -1)
	h.start(t)
	h.settled(t)
	h.attempts(t, n)
	if e.count() != n {
		t.Errorf("%d POSTs, want %d: what was delivered is known by its dedup key", e.count(), n)
	}
}

// What is due waits on where DELIVERIES is full.
func TestKeepsWhatIsDueWhileDeliveriesIsFull(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start(t)
	e := newEndpoint(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n == 1 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	sub := h.wish(t, e.URL, delays(time.Second))
	h.fresh(t, sub, 1)
	testbed.Eventually(t, "it waits", func() bool { return h.count(t, bus.StreamDelays) == 1 && h.count(t, bus.StreamDeliveries) == 0 })
	filler, err := h.bus.JS.Publish(t.Context(), "deliveries.other.t.s", nil) // of a lane that nobody reads
	if err != nil {
		t.Fatal(err)
	}
	h.holds(t, bus.StreamDeliveries, 1)
	<-time.After(1500 * time.Millisecond) // it is due meanwhile
	if e.count() != 1 || h.count(t, bus.StreamDelays) != 1 {
		t.Errorf("%d POSTs, %d wait", e.count(), h.count(t, bus.StreamDelays))
	}
	stream, err := h.bus.JS.Stream(t.Context(), bus.StreamDeliveries)
	if err == nil {
		err = stream.DeleteMsg(t.Context(), filler.Sequence)
	}
	if err != nil {
		t.Fatal(err)
	}
	h.settled(t)
	if e.count() != 2 {
		t.Errorf("%d POSTs, want 2", e.count())
	}
}
