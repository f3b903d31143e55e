package control

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/aicity"
	"github.com/posthaste/posthaste/services/control/internal/deliveries"
	"github.com/posthaste/posthaste/services/control/internal/rest"
)

const hook = "/v1/webhook"

func TestAICity(t *testing.T) {
	t.Parallel()
	h := start(t)
	acme := call{"tenant-acme", rest.MediaJSON}
	do := func(method, path, body string) answer { return h.as(t, acme, method, path, body) }
	register := func(body string) aicity.RegisteredWebhook {
		t.Helper()
		a := do(http.MethodPut, hook, body)
		if a.Status != http.StatusOK {
			t.Fatalf("%d %s", a.Status, a.Text)
		}
		return decoded[aicity.RegisteredWebhook](t, a.Text)
	}
	get := func() aicity.Webhook {
		t.Helper()
		return decoded[aicity.Webhook](t, do(http.MethodGet, hook, "").Text)
	}

	for _, c := range []struct{ method, path string }{{http.MethodGet, hook}, {http.MethodDelete, hook}, {http.MethodPost, hook + "/test"}} {
		do(c.method, c.path, "").refused(t, http.StatusNotFound, "not_found")
	}
	do(http.MethodPut, hook, `{"url":"http://example.com/"}`).names(t, "url", "Webhook URL must use HTTPS")
	do(http.MethodPut, hook, `{}`).names(t, "url", "is required")
	do(http.MethodPut, hook, `{"url":"https://example.com/","secret":"x"}`).names(t, "secret", "unknown field")
	first := register(`{"url":"https://example.com/1"}`)
	if !strings.HasPrefix(first.Secret, "whsec_") || !first.Enabled || first.URL != "https://example.com/1" {
		t.Fatalf("%+v", first)
	}
	zero := 0
	if diff := cmp.Diff(aicity.Webhook{URL: first.URL, SecretPrefix: first.Secret[:12], Enabled: true, FailCount: &zero}, get()); diff != "" {
		t.Error(diff)
	}
	sub := h.as(t, acme, http.MethodGet, collection, "").many(t).Data[0]
	do(http.MethodPatch, collection+"/"+sub.ID, `{"description":"d","headers":{"X-A":"1"},"timeout":"3s","rateLimit":{"deliveries":5,"per":"1s"}}`).one(t, http.StatusOK)
	do(http.MethodPost, collection+"/"+sub.ID+"/disable", "").one(t, http.StatusOK)
	h.deps.Redis.Failed(t.Context(), "d1", sub.ID)
	if w := get(); w.Enabled || *w.FailCount != 1 {
		t.Errorf("%+v", w)
	}
	if again := register(`{"url":"https://example.com/2"}`); again.Secret != "" || !again.Enabled || again.URL != "https://example.com/2" {
		t.Errorf("%+v", again)
	}
	if w := get(); !w.Enabled || *w.FailCount != 0 || w.SecretPrefix != first.Secret[:12] {
		t.Errorf("%+v", w)
	}
	kept := do(http.MethodGet, collection+"/"+sub.ID, "").one(t, http.StatusOK).Data
	if kept.Description != "d" || kept.Timeout != "3s" || len(kept.Headers) != 1 || kept.RateLimit == nil {
		t.Errorf("a new URL changed what it does not name: %+v", kept)
	}
	if a := do(http.MethodDelete, hook, ""); a.Status != http.StatusNoContent || a.Text != "" {
		t.Errorf("%d %q", a.Status, a.Text)
	}
	do(http.MethodGet, hook, "").refused(t, http.StatusNotFound, "not_found")
	if next := register(`{"url":"https://example.com/3"}`); next.Secret == "" || next.Secret == first.Secret {
		t.Errorf("%+v", next)
	}
}

func TestAICityDeliveries(t *testing.T) {
	t.Parallel()
	h := start(t)
	list := func(query string) deliveries.DeliveryList {
		t.Helper()
		a := h.do(t, http.MethodGet, hook+"/deliveries"+query, "")
		if a.Status != http.StatusOK {
			t.Fatalf("%d %s", a.Status, a.Text)
		}
		return decoded[deliveries.DeliveryList](t, a.Text)
	}
	h.past(t, attempt("default", "evsub_other", "dlv_0"))
	if got := list(""); len(got.Data) != 0 || got.Pagination.Total != 0 {
		t.Errorf("without a webhook: %+v", got)
	}
	h.do(t, http.MethodPut, hook, `{"url":"https://example.com/1"}`)
	id := h.do(t, http.MethodGet, collection, "").many(t).Data[0].ID
	h.past(t,
		attempt("default", id, "dlv_1"),
		attempt("default", id, "dlv_2", func(a *posthastev1.Attempt) { a.Outcome, a.Status = posthastev1.Outcome_OUTCOME_FAILED, 500 }),
	)
	if got := names(list("?status=failed")); !cmp.Equal(got, []string{"dlv_2"}) {
		t.Errorf("%v", got)
	}
	if got := list("?page=2&pageSize=1"); len(got.Data) != 1 || got.Pagination != (deliveries.Pagination{Page: 2, PageSize: 1, Total: 2, TotalPages: 2}) {
		t.Errorf("%+v", got)
	}
	for query, field := range map[string]string{"status=lost": "status", "page=0": "page", "page=100001": "page", "pageSize=1001": "pageSize", "cursor=x": "cursor"} {
		h.do(t, http.MethodGet, hook+"/deliveries?"+query, "").names(t, field, "")
	}
}
