package control

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/deliveries"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/idempotency"
)

// delivered is a delivery of an event that is in EVENTS.
func (h *harness) delivered(t *testing.T, subscriptionID, eventID string, change ...func(*posthastev1.Attempt)) string {
	t.Helper()
	place := h.publish(t, "default", "task.created", eventID, `{"a":1}`)
	id := deliveryID(subscriptionID, eventID)
	h.past(t, attempt("default", subscriptionID, id, append(change, func(a *posthastev1.Attempt) { a.EventId, a.Sequence = eventID, place })...))
	return id
}

func TestRedeliverOnce(t *testing.T) {
	t.Parallel()
	h := start(t)
	sub := h.created(t, valid).ID
	id := h.delivered(t, sub, "evt_1")
	send := func() answer {
		return h.as(t, call{adminKey, ""}, http.MethodPost, sent+"/"+id+"/redeliver", "", idempotency.Header, "once-and-once-only")
	}
	first, again := send(), send()
	got := decoded[deliveries.RedeliveryAnswer](t, first.Text).Data
	if first.Status != http.StatusAccepted || got.DeliveryID != id || !strings.HasPrefix(got.Round, "red_") || again.Text != first.Text {
		t.Errorf("%d %s, again %s", first.Status, first.Text, again.Text)
	}
	all := h.deliveries(t)
	if len(all) != 1 {
		t.Fatalf("%d deliveries", len(all))
	}
	d := all[0]
	if d.GetId() != id || d.GetRound() != got.Round || d.GetAttempt() != 1 || d.GetTest() || d.GetEvent().GetId() != "evt_1" || !json.Valid(d.GetEvent().GetData()) || d.GetSequence() != 1 {
		t.Errorf("%+v", d)
	}
}

func TestRedeliverRefuses(t *testing.T) {
	t.Parallel()
	h := start(t)
	disabled, removed := h.created(t, valid).ID, h.created(t, valid).ID
	kept := h.created(t, valid).ID
	again := func(id string) answer {
		return h.as(t, call{adminKey, rest.MediaJSON}, http.MethodPost, sent+"/"+id+"/redeliver", "")
	}
	ofDisabled, ofRemoved := h.delivered(t, disabled, "evt_1"), h.delivered(t, removed, "evt_2")
	test := h.delivered(t, kept, "evt_3", func(a *posthastev1.Attempt) { a.Test = true })
	expired := h.delivered(t, kept, "evt_4")
	h.do(t, http.MethodPost, collection+"/"+disabled+"/disable", "").one(t, http.StatusOK)
	h.do(t, http.MethodDelete, collection+"/"+removed, "").one(t, http.StatusAccepted)
	stream, err := h.bus.JS.Stream(t.Context(), bus.StreamEvents)
	if err == nil {
		err = stream.Purge(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	again(ofDisabled).refused(t, http.StatusConflict, "conflict")
	again(ofRemoved).refused(t, http.StatusConflict, "conflict")
	again(test).refused(t, http.StatusConflict, "conflict")
	again(expired).refused(t, http.StatusGone, "event_expired")
	if n := len(h.deliveries(t)); n != 0 {
		t.Errorf("%d deliveries were made all the same", n)
	}
}
