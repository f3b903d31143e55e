package dispatcher

import (
	"net/http"
	"testing"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// What was delivered is delivered again in another round, once in each; the
// records of the rounds stand beside one another.
func TestRounds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, nil)
	h.start(t)
	d := made(h.wish(t, e.URL))
	for _, round := range []string{"", "rdl_1", "rdl_1", "", "rdl_2"} {
		h.publish(t, inRound(d, round))
		h.settled(t)
	}
	rounds := map[string]int{}
	for _, r := range h.attempts(t, 3) {
		rounds[r.GetRound()]++
		if r.GetDeliveryId() != d.GetId() || r.GetNumber() != 1 || r.GetReason() != string(ReasonDelivered) || r.GetSequence() != 7 {
			t.Errorf("recorded as %v", r)
		}
	}
	if e.count() != 3 || rounds[""] != 1 || rounds["rdl_1"] != 1 || rounds["rdl_2"] != 1 {
		t.Errorf("%d POSTs in the rounds %v, want one in each of three", e.count(), rounds)
	}
}

// The rounds of one delivery wait and fail on their own; each failure counts.
func TestRoundsFailApart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.retries.DisableAfter = 3
	e := newEndpoint(t, status(http.StatusInternalServerError))
	h.start(t)
	sub := h.wish(t, e.URL, delays(50*time.Millisecond))
	d := made(sub)
	for _, round := range []string{"", "rdl_1"} {
		h.publish(t, inRound(d, round))
	}
	h.attempts(t, 4)
	h.settled(t)
	repeated := inRound(d, "rdl_1") // as after a lost ack
	repeated.Attempt = 2
	h.publish(t, repeated)
	testbed.Eventually(t, "the repetition", func() bool { return e.count() == 5 })
	h.settled(t)
	if n := h.failures(t, sub); n != 2 {
		t.Errorf("%d failures are counted, want one for each round", n)
	}
	h.is(t, sub, "")
	h.publish(t, inRound(d, "rdl_2"))
	h.settled(t)
	h.is(t, sub, subscription.DisabledConsecutiveFailures)
	for _, r := range h.attempts(t, 6) {
		if want := r.GetNumber() == 2; (r.GetOutcome() == posthastev1.Outcome_OUTCOME_FAILED) != want {
			t.Errorf("recorded as %v", r)
		}
	}
}
