package dispatcher

import (
	"strings"
	"testing"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/sealedtest"
)

// A key that control had before this dispatcher: what is signed with it waits,
// without an attempt, and others do not.
func TestWaitsForAKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, nil)
	mine := h.wish(t, e.URL)
	var err error
	if h.live.Store, err = subscription.NewStore(t.Context(), h.bus, sealedtest.Keys(t, sealedtest.B)); err != nil {
		t.Fatal(err)
	}
	ahead := h.wish(t, e.URL)
	h.start(t)
	waits := h.fresh(t, ahead, 3)
	h.fresh(t, mine, 1)
	h.attempts(t, 1)
	testbed.Eventually(t, "three to wait", func() bool { return h.count(t, bus.StreamDelays) == 3 })
	for _, msg := range testbed.Messages(t, h.bus.JS, bus.StreamDelays) {
		d, err := delivery.Decode(msg.Data)
		if err != nil || d.GetAttempt() != 1 || !strings.Contains(strings.Join(waits, " "), d.GetId()) || time.Until(d.GetNotBefore().AsTime()) > shutWait {
			t.Errorf("%v, %v", d, err)
		}
	}
	if n := strings.Count(h.log.String(), "deliveries wait for an encryption key"); n != 1 || !strings.Contains(h.log.String(), `sealed with encryption key \"b\"`) {
		t.Errorf("said %d times:\n%s", n, h.log)
	}
	if strings.Contains(h.log.String(), secret) {
		t.Error("the log shows a secret")
	}
}

// With the key the same delivery is signed and sent.
func TestOpensWithEitherKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, nil)
	old := h.wish(t, e.URL, func(s *posthastev1.Subscription) { s.Headers = map[string]string{"X-Team": "blue"} })
	var err error
	if h.live.Store, err = subscription.NewStore(t.Context(), h.bus, sealedtest.Keys(t, sealedtest.B, sealedtest.A)); err != nil {
		t.Fatal(err)
	}
	h.deps.Store = h.live.Store
	h.start(t)
	h.fresh(t, old, 1)
	h.fresh(t, h.wish(t, e.URL), 1)
	h.attempts(t, 2)
	team := 0
	for _, p := range e.posts() {
		team += len(p.Header["X-Team"])
		if signatures(p) != 1 {
			t.Errorf("signed as %q", p.Header["Webhook-Signature"])
		}
	}
	if team != 1 {
		t.Errorf("%d POSTs have the subscription's own header, want 1", team)
	}
}
