package dispatcher

import (
	"net/http"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// C5: a test takes the full path, has one attempt, and changes nothing,
// whatever the answer.
func TestTestsCountForNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.retries.DisableAfter = 2
	h.start(t)
	for code, want := range map[int]posthastev1.Outcome{
		http.StatusOK:                  posthastev1.Outcome_OUTCOME_DELIVERED,
		http.StatusGone:                posthastev1.Outcome_OUTCOME_FAILED,
		http.StatusNotFound:            posthastev1.Outcome_OUTCOME_FAILED,
		http.StatusInternalServerError: posthastev1.Outcome_OUTCOME_FAILED,
		http.StatusServiceUnavailable:  posthastev1.Outcome_OUTCOME_FAILED,
	} {
		e := newEndpoint(t, status(code))
		sub := h.wish(t, e.URL)
		h.redis.Failed(t.Context(), "dlv_earlier", sub)
		d := made(sub, test)
		h.publish(t, d)
		h.settled(t)
		verify(t, e.posts()[0])
		if e.count() != 1 || h.failures(t, sub) != 1 {
			t.Errorf("%d: %d POSTs, and %d failures are counted; want 1 and the earlier one", code, e.count(), h.failures(t, sub))
		}
		if h.redis.Delivered(t.Context(), []string{delivery.DedupKey(d)})[0] {
			t.Errorf("%d: the test is remembered", code)
		}
		h.is(t, sub, "")
		records := h.attempts(t, h.count(t, bus.StreamAttempts))
		if r := records[len(records)-1]; !r.GetTest() || r.GetOutcome() != want || int(r.GetStatus()) != code || r.GetNextAt() != nil {
			t.Errorf("%d: recorded as %v", code, r)
		}
	}
	if n := h.count(t, bus.StreamEvents); n != 0 {
		t.Errorf("%d events tell of tests", n)
	}
}

func TestTestsReachTheDisabled(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, nil)
	h.start(t)
	sub := h.wish(t, e.URL, func(s *posthastev1.Subscription) {
		s.Status = posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_DISABLED
		s.DisabledReason, s.DisabledAt = subscription.DisabledRequested, timestamppb.Now()
	})
	h.publish(t, made(sub))
	h.publish(t, made(sub, test))
	for _, r := range h.attempts(t, 2) {
		if delivered := r.GetOutcome() == posthastev1.Outcome_OUTCOME_DELIVERED; delivered != r.GetTest() {
			t.Errorf("recorded as %v", r)
		}
	}
	if e.count() != 1 {
		t.Errorf("%d POSTs, want the test's", e.count())
	}
	got, err := h.live.Store.Get(t.Context(), "t", sub)
	if err != nil || got.Active() {
		t.Errorf("a test has enabled %v, %v", got, err)
	}
}

// A test of an endpoint at its limit waits as any other delivery does.
func TestTestsWaitForTheGate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const places = 2
	h.cfg.Gate.Concurrency = places
	free := make(chan struct{})
	e := newEndpoint(t, func(_ http.ResponseWriter, r *http.Request, _ int) {
		select {
		case <-free:
		case <-r.Context().Done():
		}
	})
	h.start(t)
	sub := h.wish(t, e.URL)
	h.fresh(t, sub, places)
	testbed.Eventually(t, "the gate is full", func() bool { return e.count() == places })
	h.publish(t, made(sub, test))
	testbed.Eventually(t, "the test is put off", func() bool { return h.count(t, bus.StreamDelays) == 1 })
	close(free)
	tests := 0
	for _, r := range h.attempts(t, places+1) {
		if r.GetTest() {
			tests++
		}
		if r.GetNumber() != 1 || r.GetOutcome() != posthastev1.Outcome_OUTCOME_DELIVERED {
			t.Errorf("recorded as %v", r)
		}
	}
	if tests != 1 {
		t.Errorf("%d records of tests", tests)
	}
	h.settled(t)
}

// Where copies of the bucket may lag, a test of a subscription that was made a
// moment ago waits for it.
func TestTestOfANewSubscription(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, nil)
	h.start(t, func(s *Service) { s.replicated = true })
	id := subscription.NewID(timestamppb.Now().AsTime())
	h.publish(t, made(id, test))
	testbed.Eventually(t, "the test waits", func() bool { return h.count(t, bus.StreamDelays) == 1 })
	h.wish(t, e.URL, func(s *posthastev1.Subscription) { s.Id = id })
	if r := h.attempts(t, 1)[0]; r.GetOutcome() != posthastev1.Outcome_OUTCOME_DELIVERED || !r.GetTest() {
		t.Errorf("recorded as %v", r)
	}
	h.settled(t)
}
