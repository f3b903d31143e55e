package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// delivery is what the API shows of one.
type delivery struct {
	ID, SubscriptionID, EventID, EventType, Status, Reason string
	Attempts                                               int
	ResponseStatus                                         *int
	LastAttemptAt                                          *string
}

type deliveryList struct {
	Data       []delivery
	Pagination struct{ Page, PageSize, Total, TotalPages int }
}

// outcome is the event's one delivery, when it has ended.
func (a *agent) outcome(t *testing.T, eventID string) delivery {
	t.Helper()
	var list deliveryList
	eventually(t, "the delivery of "+eventID+" to end", func() bool {
		list = deliveryList{}
		a.ask(t, http.StatusOK, http.MethodGet, "/v1/deliveries?eventId="+eventID, nil, &list)
		return len(list.Data) == 1 && list.Data[0].Status != "waiting"
	}, func() string {
		return "there are " + strings.TrimSpace(string(a.ask(t, http.StatusOK, http.MethodGet, "/v1/deliveries?eventId="+eventID, nil, nil)))
	})
	return list.Data[0]
}

// checkTold holds that the owner has an event that says what was disabled, and
// why, and that the operator has a message that names it.
func (a *agent) checkTold(t *testing.T, id, reason string) {
	t.Helper()
	var list struct {
		Data []struct {
			Data struct{ SubscriptionID, Reason string }
		}
	}
	eventually(t, "the event subscription.disabled", func() bool {
		a.ask(t, http.StatusOK, http.MethodGet, "/v1/events?types=subscription.disabled", nil, &list)
		return len(list.Data) > 0
	}, nil)
	if got := list.Data[0].Data; len(list.Data) != 1 || got.SubscriptionID != id || got.Reason != reason {
		t.Errorf("the owner is told %+v", list.Data)
	}
	eventually(t, "the operator's message", func() bool {
		for _, p := range commons.told.all() {
			if strings.Contains(string(p.body), id) {
				return true
			}
		}
		return false
	}, nil)
}

// checkSilent holds that an event of the type, which another endpoint of the
// tenant gets, does not come to this one, and can be polled for all that.
func (a *agent) checkSilent(t *testing.T, to *inbox, eventType string) {
	t.Helper()
	before := len(to.all())
	beside := collect(t, nil)
	a.subscribeTo(t, beside, "standard", "", eventType)
	id := a.emit(t, eventType, `{"silent":true}`)
	beside.await(t, 1)
	if d := a.outcome(t, id); d.Status != "delivered" {
		t.Errorf("the one delivery is %+v, want the other endpoint's", d)
	}
	if after := len(to.all()); after != before {
		t.Errorf("%d more POSTs came", after-before)
	}
	var list struct{ Data []struct{ ID string } }
	a.ask(t, http.StatusOK, http.MethodGet, "/v1/events?limit=1000&types="+eventType, nil, &list)
	if last := len(list.Data) - 1; last < 0 || list.Data[last].ID != id {
		t.Errorf("the event %s cannot be polled: %+v", id, list.Data)
	}
}

// dialectSubscription is what the API shows of a subscription.
type dialectSubscription struct {
	ID, Status, DisabledReason, Secret, PublicKey, SigningAlgorithm string
	FailCount                                                       *int
}

// subscribeTo subscribes an inbox. Where secret is empty one is made, which is
// in the answer.
func (a *agent) subscribeTo(t *testing.T, to *inbox, dialectName, secret string, types ...string) dialectSubscription {
	t.Helper()
	req := map[string]any{"url": to.URL, "dialect": dialectName}
	if types != nil {
		req["eventTypes"] = types
	}
	if secret != "" {
		req["secret"] = secret
	}
	return a.subscribeAs(t, req)
}

func (a *agent) subscribeAs(t *testing.T, req map[string]any) dialectSubscription {
	t.Helper()
	var out struct{ Data dialectSubscription }
	a.ask(t, http.StatusCreated, http.MethodPost, "/v1/event-subscriptions", req, &out)
	return out.Data
}

func (a *agent) subscription(t *testing.T, id string) dialectSubscription {
	t.Helper()
	var out struct{ Data dialectSubscription }
	a.ask(t, http.StatusOK, http.MethodGet, "/v1/event-subscriptions/"+id, nil, &out)
	return out.Data
}
