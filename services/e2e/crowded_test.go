package e2e

import (
	"encoding/json"
	"testing"
	"time"
)

// Many slow endpoints keep all places of a dispatcher taken for several times
// the AckWait. What it has fetched ahead must not go out twice for that.
func TestCrowdedDispatcher(t *testing.T) {
	begin(t)
	s := startStack(t, plan{dispatcher: env{"POSTHASTE_MAX_IN_FLIGHT": "8"}})
	crowd := make([]*endpoint, 12)
	for i := range crowd {
		crowd[i] = receive(t, nil)
		s.subscribe(t, crowd[i], wish{types: []string{"crowd"}})
	}
	for _, e := range crowd {
		e.become(slow(500 * time.Millisecond))
	}
	events := make([]event, 8)
	for i := range events {
		events[i] = event{Type: "crowd", Data: json.RawMessage(`{}`)}
	}
	ids, repeats := s.publish(t, events...), 0
	for _, e := range crowd {
		e.awaitAll(t, ids)
	}
	// A copy that is still on its way comes before this.
	s.awaitIdle(t)
	for _, e := range crowd {
		repeats += e.awaitAll(t, ids)
	}
	if repeats > 0 {
		t.Errorf("%d of %d deliveries were made twice", repeats, len(ids)*len(crowd))
	}
}

// awaitIdle returns when nothing is left to deliver, now or later.
func (s *stack) awaitIdle(t *testing.T) {
	t.Helper()
	nc := connect(t, s.nats.url)
	eventually(t, "everything to be delivered", func() bool {
		return messages(t, nc, "DELIVERIES") == 0 && messages(t, nc, "DELAYS") == 0
	}, nil)
}
