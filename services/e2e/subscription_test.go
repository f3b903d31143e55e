package e2e

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"
)

// subscription is what the API shows of one.
type subscription struct {
	ID             string `json:"id"`
	Tenant         string `json:"tenant"`
	Status         string `json:"status"`
	DisabledReason string `json:"disabledReason"`
	FailCount      *int   `json:"failCount"`
	Secret         string `json:"secret"`
}

// wish is what a subscription is made of. Every one wants the probes too.
type wish struct {
	tenant string
	types  []string
	delays []string
}

// probeType is that of the events by which a test sees that a subscription is
// in effect. Endpoints take them and keep them to themselves.
const probeType = "e2e.probe"

// subscribe registers the endpoint and returns when events reach it.
func (a *api) subscribe(t *testing.T, to *endpoint, w wish) subscription {
	t.Helper()
	sub := a.register(t, to, w)
	a.inEffect(t, to, sub)
	return sub
}

// register registers the endpoint, which trusts the new secret from then on.
func (a *api) register(t *testing.T, to *endpoint, w wish) subscription {
	t.Helper()
	req := map[string]any{"url": to.url(), "tenant": w.tenant, "eventTypes": append([]string{probeType}, w.types...)}
	if w.delays != nil {
		req["retryPolicy"] = map[string]any{"delays": w.delays}
	}
	body, err := json.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	sub := one(t, a.must(t, http.StatusCreated, http.MethodPost, a.subscriptions+"/v1/event-subscriptions", body))
	to.trust(t, sub.Secret)
	return sub
}

func (a *api) get(t *testing.T, id string) subscription {
	t.Helper()
	return one(t, a.must(t, http.StatusOK, http.MethodGet, a.subscriptions+"/v1/event-subscriptions/"+id, nil))
}

func (a *api) enable(t *testing.T, id string) {
	t.Helper()
	a.must(t, http.StatusOK, http.MethodPost, a.subscriptions+"/v1/event-subscriptions/"+id+"/enable", nil)
}

func one(t *testing.T, answer []byte) subscription {
	t.Helper()
	var out struct {
		Data subscription `json:"data"`
	}
	decode(t, answer, &out)
	return out.Data
}

// inEffect returns when events reach the endpoint. Control answers a change
// when it acts on it itself; other processes hear of it a moment later.
func (a *api) inEffect(t *testing.T, to *endpoint, sub subscription) {
	t.Helper()
	const several = 4 // so that each of several routers has one
	for range 20 {
		before := to.probes.Load()
		batch := make([]event, several)
		for i := range batch {
			batch[i] = event{Tenant: sub.Tenant, Type: probeType, Data: json.RawMessage(`{}`)}
		}
		a.publish(t, batch...)
		if within(t, 2*time.Second, func() bool { return to.probes.Load() >= before+several }) {
			return
		}
	}
	t.Fatalf("no probe reaches subscription %s", sub.ID)
}
