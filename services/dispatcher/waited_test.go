package dispatcher

import (
	"context"
	"testing"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// A delivery that waits for its place is sent, or not, by what holds when it
// gets it.
func TestChangesWhileWaiting(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.dispatcher(t)
	testbed.Running(t, func(ctx context.Context) error { return s.Run(ctx, 5*time.Second) })
	e := newEndpoint(t, nil)
	sub := h.wish(t, e.URL, signs(older))
	h.fresh(t, sub, 1)
	h.settled(t)

	h.change(t, sub, s.occupy(t, sub), func(pb *posthastev1.Subscription) { signs(secret)(pb) })
	h.settled(t)
	if err := verifies(t, e.posts()[1], webhook.Standard(), secret); err != nil {
		t.Errorf("signed with what held before it waited: %v", err)
	}

	h.change(t, sub, s.occupy(t, sub), func(pb *posthastev1.Subscription) {
		subscription.MarkDisabled(pb, subscription.DisabledRequested, time.Now())
	})
	h.settled(t)
	if e.count() != 2 {
		t.Error("posted after it was disabled")
	}
}

// occupy takes all places of the subscription's gate, and returns it.
func (s *Service) occupy(t *testing.T, sub string) *gate {
	t.Helper()
	s.targets.mu.RLock()
	defer s.targets.mu.RUnlock()
	g := s.targets.byID[sub].gate
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight += g.limit
	// As if they went on quickly, so that the next one waits.
	g.moved, g.latency = time.Now().Add(time.Hour), time.Millisecond
	return g
}

// change makes a delivery, changes the subscription while that waits for the
// gate, and frees the gate.
func (h *house) change(t *testing.T, sub string, g *gate, change func(*posthastev1.Subscription)) {
	t.Helper()
	h.fresh(t, sub, 1)
	testbed.Eventually(t, "the delivery waits", func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return len(g.waiting) > 0
	})
	stored, err := h.live.Store.Update(t.Context(), "t", sub, time.Now(), func(pb *posthastev1.Subscription) (bool, error) {
		change(pb)
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.live.Watcher.Await(t.Context(), stored.Revision); err != nil {
		t.Fatal(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight = 0
	g.handOn()
}
