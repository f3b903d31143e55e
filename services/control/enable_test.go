package control

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// What was published while it was disabled, and what waited then and was
// cancelled, is counted, and the replay that is suggested delivers it.
func TestEnableTellsWhatWasMissed(t *testing.T) {
	t.Parallel()
	h := start(t)
	sub := h.created(t, valid)
	path := collection + "/" + sub.ID
	for _, id := range []string{"evt_waiting", "evt_delivered", "evt_unknown"} {
		h.publish(t, "default", "task.created", id, `{}`)
	}
	cancelled := deliveryID(sub.ID, "evt_waiting")
	h.past(t, attempt("default", sub.ID, deliveryID(sub.ID, "evt_delivered")),
		attempt("default", sub.ID, cancelled, func(a *posthastev1.Attempt) {
			a.Outcome, a.Status, a.Url, a.Latency, a.Reason = posthastev1.Outcome_OUTCOME_CANCELLED, 0, "", nil, "disabled"
		}))
	h.do(t, http.MethodPost, path+"/disable", "").one(t, http.StatusOK)
	for _, e := range []struct{ tenant, eventType, id string }{
		{"default", "task.created", "evt_1"},
		{"default", "task.closed", "evt_2"},
		{"default", "other.type", "evt_3"},
		{"acme", "task.created", "evt_4"},
	} {
		h.publish(t, e.tenant, e.eventType, e.id, `{}`)
	}
	missed := h.do(t, http.MethodPost, path+"/enable", "").one(t, http.StatusOK).Missed
	if missed == nil || missed.Events != 3 || !missed.Complete || missed.Replay == nil || !missed.Since.Before(missed.Until) {
		t.Fatalf("missed %+v", missed)
	}
	text, err := json.Marshal(missed.Replay.Body)
	if err != nil || missed.Replay.Path != path+"/replay" {
		t.Fatalf("%+v, %v", missed.Replay, err)
	}
	h.do(t, missed.Replay.Method, missed.Replay.Path, string(text))
	testbed.Eventually(t, "the missed ones are delivered", func() bool { return len(h.deliveries(t)) == 3 })
	for _, d := range h.deliveries(t) {
		if e := d.GetEvent().GetId(); e != "evt_waiting" && e != "evt_1" && e != "evt_2" || d.GetRound() == "" {
			t.Errorf("event %s is delivered, round %q", e, d.GetRound())
		}
	}
	if again := h.do(t, http.MethodPost, path+"/enable", "").one(t, http.StatusOK); again.Missed != nil {
		t.Errorf("it was not disabled: %+v", again.Missed)
	}
}

func TestEnableWhereNothingWasMissed(t *testing.T) {
	t.Parallel()
	h := start(t)
	path := collection + "/" + h.created(t, valid).ID
	h.do(t, http.MethodPost, path+"/disable", "").one(t, http.StatusOK)
	if m := h.do(t, http.MethodPost, path+"/enable", "").one(t, http.StatusOK).Missed; m == nil || m.Events != 0 || !m.Complete || m.Replay != nil {
		t.Errorf("missed %+v", m)
	}
}

// deliveryID names the delivery of an event that publish made.
func deliveryID(subscriptionID, eventID string) string {
	at := time.Date(2026, 1, 15, 10, 30, 0, 123_000_000, time.UTC)
	return delivery.ID(&posthastev1.Event{Id: eventID, Tenant: "default", Time: timestamppb.New(at)}, subscriptionID)
}
