package control

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/endpoints"
	"github.com/posthaste/posthaste/services/control/internal/rest"
)

const endpointsPath = "/v1/endpoints"

// became puts as many deliveries of the subscription into the history.
func (h *harness) became(t *testing.T, tenant, subscription string, outcome posthastev1.Outcome, count int, change ...func(*posthastev1.Attempt)) {
	t.Helper()
	for i := range count {
		id := "dlv_" + subscription + outcome.String() + strconv.Itoa(i)
		h.past(t, attempt(tenant, subscription, id, append(change, func(a *posthastev1.Attempt) { a.Outcome = outcome })...))
	}
}

func (h *harness) top(t *testing.T, key, query string) []endpoints.Endpoint {
	t.Helper()
	a := h.as(t, call{key, ""}, http.MethodGet, endpointsPath+query, "")
	if a.Status != http.StatusOK {
		t.Fatalf("%s: %d %s", query, a.Status, a.Text)
	}
	return decoded[endpoints.EndpointList](t, a.Text).Data
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	h := start(t)
	acme, globex := call{"tenant-acme", rest.MediaJSON}, call{"tenant-globex", rest.MediaJSON}
	bad := h.as(t, acme, http.MethodPost, collection, valid).one(t, http.StatusCreated).Data.ID
	off := h.as(t, globex, http.MethodPost, collection, valid).one(t, http.StatusCreated).Data.ID
	h.as(t, globex, http.MethodPost, collection+"/"+off+"/disable", "").one(t, http.StatusOK)
	const (
		waits     = posthastev1.Outcome_OUTCOME_UNSPECIFIED
		delivered = posthastev1.Outcome_OUTCOME_DELIVERED
		failed    = posthastev1.Outcome_OUTCOME_FAILED
		cancelled = posthastev1.Outcome_OUTCOME_CANCELLED
	)
	h.became(t, "acme", bad, failed, 3)
	h.became(t, "acme", bad, delivered, 1)
	h.became(t, "acme", "evsub_gone", waits, 2, func(a *posthastev1.Attempt) { a.NextAt = at(9) })
	h.became(t, "acme", "evsub_gone", failed, 1)
	h.became(t, "acme", "evsub_tested", failed, 9, func(a *posthastev1.Attempt) { a.Test = true })
	h.became(t, "globex", off, failed, 2)
	h.became(t, "globex", off, cancelled, 4)
	first := endpoints.Endpoint{
		SubscriptionID: bad, Tenant: "acme", URL: "https://example.com/hook", Status: "active",
		Counts: endpoints.EndpointCounts{Failed: 3, Delivered: 1}, FailureRate: 0.75,
	}
	second := endpoints.Endpoint{
		SubscriptionID: off, Tenant: "globex", URL: "https://example.com/hook", Status: "disabled",
		Counts: endpoints.EndpointCounts{Failed: 2, Cancelled: 4}, FailureRate: 1,
	}
	third := endpoints.Endpoint{
		SubscriptionID: "evsub_gone", Tenant: "acme", Status: "removed",
		Counts: endpoints.EndpointCounts{Failed: 1, Waiting: 2}, FailureRate: 1,
	}
	type list = []endpoints.Endpoint
	for _, c := range []struct {
		key, query string
		want       list
	}{
		{adminKey, "", list{first, second, third}},
		{adminKey, "?limit=2", list{first, second}},
		{adminKey, "?sort=failed&limit=100", list{first, second, third}},
		{adminKey, "?sort=waiting", list{third}},
		{adminKey, "?sort=delivered", list{first}},
		{adminKey, "?sort=cancelled", list{second}},
		{adminKey, "?tenant=acme", list{first, third}},
		{adminKey, "?tenant=default", list{}},
		{"tenant-acme", "", list{first, third}},
		{"tenant-acme", "?tenant=acme", list{first, third}},
		{"tenant-acme", "?sort=cancelled", list{}},
		{"tenant-globex", "", list{second}},
	} {
		if diff := cmp.Diff(c.want, h.top(t, c.key, c.query)); diff != "" {
			t.Errorf("%s of %s:\n%s", c.query, c.key, diff)
		}
	}
	for _, key := range []string{"tenant-globex", "tenant-"} {
		a := h.as(t, call{key, ""}, http.MethodGet, endpointsPath+"?tenant=acme", "")
		if a.refused(t, http.StatusForbidden, "insufficient_scope"); strings.Contains(a.Text, bad) {
			t.Errorf("%s sees %s", key, a.Text)
		}
	}
	h.as(t, call{"tenant-", ""}, http.MethodGet, endpointsPath, "").refused(t, http.StatusForbidden, "insufficient_scope")
}

func TestEndpointsRefuse(t *testing.T) {
	t.Parallel()
	h := start(t)
	for query, want := range map[string][2]string{
		"limit=0": {"limit", "1"}, "limit=-1": {"limit", "1"}, "limit=101": {"limit", "100"}, "limit=x": {"limit", ""},
		"sort=pending": {"sort", "failed, waiting, delivered, cancelled"}, "tenant=a.b": {"tenant", ""}, "status=failed": {"status", ""},
	} {
		h.do(t, http.MethodGet, endpointsPath+"?"+query, "").names(t, want[0], want[1])
	}
	if err := h.deps.History.Close(); err != nil {
		t.Fatal(err)
	}
	if a := h.do(t, http.MethodGet, endpointsPath, ""); a.Header.Get("Retry-After") != "1" {
		t.Errorf("%v", a.Header)
	} else {
		a.refused(t, http.StatusServiceUnavailable, "unavailable")
	}
}
