package dispatcher

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// told reads the one event in EVENTS, as a router would.
func (h *house) told(t *testing.T) *posthastev1.Event {
	t.Helper()
	testbed.Eventually(t, "an event", func() bool { return h.count(t, bus.StreamEvents) > 0 })
	msgs := testbed.Messages(t, h.bus.JS, bus.StreamEvents)
	if len(msgs) != 1 {
		t.Errorf("%d events tell of one change", len(msgs))
	}
	limits := event.Limits{EventBytes: int64(settings.Defaults[event.Config]().MaxEventBytes), BatchEvents: 1}
	e, err := event.ReadMessage(event.Message{Subject: msgs[0].Subject, Header: msgs[0].Header, Data: msgs[0].Data, Stored: msgs[0].Time}, limits)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (h *house) is(t *testing.T, sub, reason string) {
	t.Helper()
	got, err := h.live.Store.Get(t.Context(), "t", sub)
	if err != nil {
		t.Fatal(err)
	}
	if got.Active() != (reason == "") || got.GetDisabledReason() != reason {
		t.Errorf("the subscription is %v, %q; want %q", got.GetStatus(), got.GetDisabledReason(), reason)
	}
	if periods := got.GetDisabledPeriods(); reason != "" && (len(periods) != 1 || !proto.Equal(periods[0].GetFrom(), got.GetDisabledAt()) || periods[0].GetUntil() != nil) {
		t.Errorf("disabled at %v; the periods are %v", got.GetDisabledAt(), periods)
	}
}

func TestExhausted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, status(http.StatusBadRequest))
	sub := h.wish(t, e.URL, delays(50*time.Millisecond))
	h.start(t)
	h.fresh(t, sub, 1)
	records := h.attempts(t, 2)
	if records[0].GetOutcome() != posthastev1.Outcome_OUTCOME_UNSPECIFIED || records[1].GetOutcome() != posthastev1.Outcome_OUTCOME_FAILED ||
		records[1].GetNumber() != 2 || records[1].GetReason() != string(ReasonClientError) {
		t.Errorf("recorded as %v", records)
	}
	h.settled(t)
	if counts, err := h.redis.Failures(t.Context(), []string{sub}); err != nil || counts[0] != 1 {
		t.Errorf("failures %v, %v; want 1", counts, err)
	}
	h.is(t, sub, "")
}

// At the threshold the subscription is disabled and its owner told once, by
// however many dispatchers; what comes after is cancelled.
func TestDisablesAtTheThreshold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.retries.DisableAfter = 3
	e := newEndpoint(t, status(http.StatusNotFound))
	healthy := newEndpoint(t, nil)
	sub, other := h.wish(t, e.URL, delays(50*time.Millisecond)), h.wish(t, healthy.URL)
	h.start(t)
	h.start(t)
	h.fresh(t, sub, 10)
	h.fresh(t, other, 10)
	h.settled(t)
	h.is(t, sub, subscription.DisabledConsecutiveFailures)
	h.is(t, other, "")
	told := h.told(t)
	var data struct{ SubscriptionID, Reason, URL string }
	if err := json.Unmarshal(told.GetData(), &data); err != nil {
		t.Fatal(err)
	}
	if told.GetType() != event.TypeDisabled || told.GetTenant() != "t" || data.SubscriptionID != sub || data.Reason != subscription.DisabledConsecutiveFailures || data.URL != e.URL {
		t.Errorf("the owner is told %v", told)
	}
	ended := map[posthastev1.Outcome]int{}
	for _, r := range h.attempts(t, h.count(t, bus.StreamAttempts)) {
		if r.GetSubscriptionId() == sub {
			ended[r.GetOutcome()]++
		}
	}
	failed, cancelled := ended[posthastev1.Outcome_OUTCOME_FAILED], ended[posthastev1.Outcome_OUTCOME_CANCELLED]
	if failed < 3 || failed+cancelled != 10 {
		t.Errorf("%d failed and %d were cancelled, want 10 together", failed, cancelled)
	}
	h.fresh(t, sub, 1)
	h.settled(t)
	if healthy.count() != 10 {
		t.Errorf("the healthy endpoint has %d POSTs, want 10", healthy.count())
	}
	h.told(t)
}

// A success in between begins the count anew.
func TestSuccessForgetsFailures(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.retries.DisableAfter = 2
	h.retries.RetryDelays = []string{"10ms"}
	e := newEndpoint(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n != 3 { // the second delivery
			w.WriteHeader(http.StatusNotFound)
		}
	})
	sub := h.wish(t, e.URL)
	h.start(t)
	for range 3 {
		h.fresh(t, sub, 1)
		h.settled(t)
	}
	h.is(t, sub, "")
}

func TestGone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, status(http.StatusGone))
	sub := h.wish(t, e.URL)
	h.start(t)
	h.fresh(t, sub, 1)
	h.settled(t)
	h.is(t, sub, subscription.DisabledGone)
	if r := h.attempts(t, 1)[0]; r.GetOutcome() != posthastev1.Outcome_OUTCOME_FAILED || r.GetReason() != string(ReasonGone) || e.count() != 1 {
		t.Errorf("recorded as %v after %d POSTs", r, e.count())
	}
	if told := h.told(t); told.GetType() != event.TypeDisabled {
		t.Errorf("the owner is told %v", told)
	}
}

// The dispatcher that disabled the subscription died before it could tell:
// the next to meet the subscription does.
func TestTellsForTheDead(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	sub := h.wish(t, "http://127.0.0.1", func(s *posthastev1.Subscription) {
		s.Status = posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_DISABLED
		s.DisabledReason, s.DisabledAt = subscription.DisabledGone, timestamppb.Now()
	})
	h.start(t)
	h.fresh(t, sub, 5)
	h.settled(t)
	h.told(t)
}

// A full EVENTS stream must not hold deliveries for ever.
func TestNobodyCanBeTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	limit := h.limit(t, bus.StreamEvents)
	limit(1)
	if err := h.bus.NewPublisher(1, 1).Publish(t.Context(), []bus.Msg{{Subject: "events.t.filler", ID: "filler"}}); err != nil {
		t.Fatal(err)
	}
	sub := h.wish(t, "http://127.0.0.1", func(s *posthastev1.Subscription) {
		s.Status = posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_DISABLED
		s.DisabledReason, s.DisabledAt = subscription.DisabledGone, timestamppb.Now()
	})
	h.start(t)
	h.fresh(t, sub, 100)
	h.attempts(t, 100)
	h.settled(t)
}
