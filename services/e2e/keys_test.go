package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// testKeys: control makes a key, ingest in another process takes it for its
// tenant alone, and refuses it within a second when it is revoked.
func testKeys(c scenario) {
	t, s := c.T, c.stack
	id, mine := s.makeKey(t, `"tenant":"`+c.tenant+`","scopes":["events:write","webhooks:read","webhooks:write"]`)
	_, other := s.makeKey(t, `"tenant":"`+c.tenant+`-other","scopes":["events:write","events:read","webhooks:read","webhooks:write","admin"]`)
	eventually(t, "ingest to know both", func() bool {
		return mine.sends(t, "") == http.StatusAccepted && other.sends(t, "") == http.StatusAccepted
	}, nil)
	if got := other.sends(t, c.tenant); got != http.StatusForbidden {
		t.Errorf("another tenant's key publishes: %d", got)
	}

	to := receive(t, nil)
	sub := mine.subscribe(t, to, wish{tenant: c.tenant, types: []string{"key"}})
	r := other.answer(t, http.MethodGet, other.subscriptions+"/v1/event-subscriptions/"+sub.ID)
	if r.status != http.StatusNotFound {
		t.Errorf("another tenant's key sees %d %s", r.status, r.body)
	}
	for _, url := range []string{s.events + "/v1/nothing", s.subscriptions + "/v1/nothing"} {
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		} {
			if got := s.answer(t, http.MethodGet, url).header.Get(name); got != want {
				t.Errorf("%s: %s is %q", url, name, got)
			}
		}
	}

	s.must(t, http.StatusOK, http.MethodDelete, s.subscriptions+"/v1/api-keys/"+id, nil)
	revoked := time.Now()
	eventually(t, "ingest to refuse it", func() bool { return mine.sends(t, "") == http.StatusUnauthorized }, nil)
	if took := time.Since(revoked); took > time.Second {
		t.Errorf("refused %s after it was revoked", took)
	}
	for _, each := range s.services() {
		if strings.Contains(each.log.tail(1<<20), mine.key[len(id)+1:]) {
			t.Errorf("the key is in the log of %s", each.name)
		}
	}
}

// makeKey returns the id of a new key, and the API with it.
func (a *api) makeKey(t *testing.T, members string) (id string, with *api) {
	t.Helper()
	var made struct{ Data struct{ ID, Key string } }
	decode(t, a.must(t, http.StatusCreated, http.MethodPost, a.subscriptions+"/v1/api-keys", []byte(`{"name":"k",`+members+`}`)), &made)
	other := *a
	other.key = made.Data.Key
	return made.Data.ID, &other
}

// sends is the status of publishing one event that nobody wants.
func (a *api) sends(t *testing.T, tenant string) int {
	t.Helper()
	body, err := json.Marshal(event{Tenant: tenant, Type: "unwanted", Data: json.RawMessage("1")})
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.call(t, http.MethodPost, a.events+"/v1/events", "application/json", body)
	if err != nil {
		t.Fatal(err)
	}
	return r.status
}

func (a *api) answer(t *testing.T, method, url string) reply {
	t.Helper()
	r, err := a.call(t, method, url, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
