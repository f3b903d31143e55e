package dispatcher

import (
	"net/http"
	"testing"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// A delivery that waits for its place, in the gate or in the delay line, is
// sent, or not, by what holds when it gets it.
func TestChangesWhileWaiting(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.cfg.Gate.Concurrency = 1
	h.start(t)
	arrived, answer := make(chan struct{}), make(chan struct{})
	e := newEndpoint(t, func(_ http.ResponseWriter, r *http.Request, n int) {
		if n%2 == 1 { // the first of each pair
			arrived <- struct{}{}
			select {
			case <-answer:
			case <-r.Context().Done():
			}
		}
	})
	sub := h.wish(t, e.URL, signs(older))
	changed := func(change func(*posthastev1.Subscription)) {
		h.fresh(t, sub, 1)
		<-arrived
		h.fresh(t, sub, 1) // there is one place
		h.change(t, sub, change)
		answer <- struct{}{}
		h.settled(t)
	}

	changed(signs(secret))
	posts := e.posts()
	if len(posts) != 2 {
		t.Fatalf("%d POSTs, want 2", len(posts))
	}
	if err := verifies(t, posts[1], webhook.Standard(), secret); err != nil {
		t.Errorf("signed with what held before it waited: %v", err)
	}
	changed(func(pb *posthastev1.Subscription) {
		subscription.MarkDisabled(pb, subscription.DisabledRequested, time.Now())
	})
	if e.count() != 3 {
		t.Error("posted after it was disabled")
	}
}

// change changes the subscription and returns when dispatchers know.
func (h *house) change(t *testing.T, sub string, change func(*posthastev1.Subscription)) {
	t.Helper()
	stored, err := h.live.Store.UpdateOpened(t.Context(), "t", sub, time.Now(), func(pb *posthastev1.Subscription) (bool, error) {
		change(pb)
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.live.Watcher.Await(t.Context(), stored.Revision); err != nil {
		t.Fatal(err)
	}
}
