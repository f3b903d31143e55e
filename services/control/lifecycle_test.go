package control

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/posthaste/posthaste/services/control/internal/subscriptions"
	"github.com/posthaste/posthaste/services/internal/filter"
)

func TestCreateShowsEverything(t *testing.T) {
	t.Parallel()
	h := start(t, func(_ *Config, d *Deps) {
		d.Now = func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.UTC) }
	})
	got := h.do(t, http.MethodPost, collection, `{"url":"https://example.com/hook?x=1","eventTypes":["task.*","presence.changed"],
		"description":"for the board","filters":{"taskIds":["t1","t2"]},"tenant":"acme","dialect":"standard",
		"retryPolicy":{"delays":["100ms","10s","1m","5m","1h"]}}`).one(t, http.StatusCreated)
	if !regexp.MustCompile(`^evsub_[A-Za-z0-9]+$`).MatchString(got.Data.ID) || !strings.HasPrefix(got.Data.Secret, "whsec_") {
		t.Errorf("id %q, secret %q", got.Data.ID, got.Data.Secret)
	}
	at, zero := time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC), 0
	want := subscriptions.EventSubscriptionAnswer{Data: subscriptions.EventSubscription{
		ID: got.Data.ID, Tenant: "acme", URL: "https://example.com/hook?x=1", EventTypes: []string{"task.*", "presence.changed"},
		Filters: subscriptions.EventSubscriptionFilters{TaskIDs: []string{"t1", "t2"}}, Description: "for the board", Dialect: "standard", Status: "active",
		SigningAlgorithm: "hmac_sha256", FailCount: &zero, Secret: got.Data.Secret, SecretPrefix: got.Data.Secret[:12],
		RetryPolicy: subscriptions.EventSubscriptionRetryPolicy{MaxAttempts: 6, InitialBackoffSeconds: 0.1, MaxBackoffSeconds: 3600, Delays: []string{"100ms", "10s", "1m", "5m", "1h"}},
		Timeout:     "10s", DisableAfter: 10, ContentType: "application/json",
		CreatedAt: at, UpdatedAt: at, AvailableActions: []string{"deactivate"},
	}, AvailableActions: []string{"deactivate"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	h := start(t)
	a := h.do(t, http.MethodPost, collection, `{"url":"https://example.com/","eventTypes":["*"],"description":null,"filters":null,"retryPolicy":{"delays":null},"secret":null}`)
	got := a.one(t, http.StatusCreated).Data
	if got.Tenant != "default" || !strings.Contains(a.Text, `"filters":{"taskIds":[]}`) || got.Secret == "" {
		t.Errorf("%s", a.Text)
	}
	if diff := cmp.Diff(subscriptions.EventSubscriptionRetryPolicy{MaxAttempts: 4, InitialBackoffSeconds: 10, MaxBackoffSeconds: 300, Delays: []string{"10s", "1m", "5m"}}, got.RetryPolicy); diff != "" {
		t.Error(diff)
	}
}

func TestLifecycle(t *testing.T) {
	t.Parallel()
	h := start(t)
	id := h.created(t, valid).ID
	path := collection + "/" + id
	if got := h.do(t, http.MethodGet, path, "").one(t, http.StatusOK); got.Data.ID != id || !slices.Equal(got.AvailableActions, []string{"deactivate"}) {
		t.Errorf("get: %+v", got)
	}
	for range 2 { // the second changes nothing
		got := h.do(t, http.MethodPost, path+"/disable", "").one(t, http.StatusOK)
		if got.Data.Status != "disabled" || got.Data.DisabledReason != "requested" || got.Data.DisabledAt == nil ||
			len(got.Data.AvailableActions) != 0 || !slices.Equal(got.AvailableActions, []string{"activate"}) {
			t.Errorf("disable: %+v", got)
		}
		if len(h.deps.Live.Index.Match("default", "task.created", filter.NewData(nil), nil)) != 0 {
			t.Error("disabled and answered, but still matched")
		}
	}
	if listed := h.do(t, http.MethodGet, collection, "").many(t); len(listed.Data) != 1 || listed.Data[0].Status != "disabled" {
		t.Errorf("list: %+v", listed)
	}
	for range 2 {
		got := h.do(t, http.MethodPost, path+"/enable", "").one(t, http.StatusOK)
		if got.Data.Status != "active" || got.Data.DisabledReason != "" || got.Data.DisabledAt != nil {
			t.Errorf("enable: %+v", got)
		}
		if len(h.deps.Live.Index.Match("default", "task.created", filter.NewData(nil), nil)) != 1 {
			t.Error("enabled and answered, but not matched")
		}
	}
	a := h.do(t, http.MethodDelete, path, "")
	got := a.one(t, http.StatusAccepted)
	if got.Data.ID != id || got.Data.Status != "disabled" || !strings.HasSuffix(strings.TrimSpace(a.Text), `"availableActions":[]}`) || len(got.Data.AvailableActions) != 0 {
		t.Errorf("delete: %s", a.Text)
	}
	if _, ok := h.deps.Live.Index.Get(id); ok {
		t.Error("removed and answered, but still known")
	}
	for _, again := range []struct{ method, path string }{
		{http.MethodGet, path}, {http.MethodDelete, path}, {http.MethodPost, path + "/enable"}, {http.MethodPost, path + "/disable"},
	} {
		h.do(t, again.method, again.path, "").refused(t, http.StatusNotFound, "not_found")
	}
	h.do(t, http.MethodPatch, path, `{}`).refused(t, http.StatusNotFound, "not_found")
}

func TestSecondDisableKeepsTheTime(t *testing.T) {
	t.Parallel()
	h := start(t)
	path := collection + "/" + h.created(t, valid).ID
	first := h.do(t, http.MethodPost, path+"/disable", "").Text
	if second := h.do(t, http.MethodPost, path+"/disable", "").Text; second != first {
		t.Errorf("first %s, second %s", first, second)
	}
}

func TestListPages(t *testing.T) {
	t.Parallel()
	h := start(t, func(c *Config, _ *Deps) { c.Subscriptions.PageSize = 3 })
	var want []string
	for range 7 {
		want = append(want, h.created(t, valid).ID)
	}
	h.created(t, `{"url":"https://example.com/","eventTypes":["*"],"tenant":"other"}`)
	slices.Sort(want) // of one millisecond, in any order
	for _, limit := range []string{"", "&limit=2", "&limit=900"} {
		var got []string
		query := "?tenant=default" + limit
		for pages := 0; ; pages++ {
			page := h.do(t, http.MethodGet, collection+query, "").many(t)
			if !slices.Equal(page.AvailableActions, []string{"create"}) || len(page.Data) > 3 || pages > 4 {
				t.Fatalf("page %d: %+v", pages, page)
			}
			for _, v := range page.Data {
				got = append(got, v.ID)
			}
			if page.NextCursor == "" {
				break
			}
			query = "?tenant=default" + limit + "&cursor=" + page.NextCursor
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("limit %q: %s", limit, diff)
		}
	}
	if a := h.do(t, http.MethodGet, collection+"?tenant=nobody", ""); !strings.Contains(a.Text, `"data":[]`) {
		t.Errorf("empty list: %s", a.Text)
	}
}

func TestFailCount(t *testing.T) {
	t.Parallel()
	h := start(t)
	id := h.created(t, valid).ID
	path := collection + "/" + id
	for _, delivery := range []string{"d1", "d2", "d3"} {
		h.deps.Redis.Failed(t.Context(), delivery, id)
	}
	if got := h.do(t, http.MethodGet, path, "").one(t, http.StatusOK).Data.FailCount; got == nil || *got != 3 {
		t.Errorf("failCount %v, want 3", got)
	}
	if got := h.do(t, http.MethodGet, collection, "").many(t).Data[0].FailCount; got == nil || *got != 3 {
		t.Errorf("failCount in the list %v, want 3", got)
	}
	if got := h.do(t, http.MethodPost, path+"/enable", "").one(t, http.StatusOK).Data.FailCount; got == nil || *got != 0 {
		t.Errorf("failCount after enable %v, want 0", got)
	}
	h.redis.Close()
	for _, a := range []answer{
		h.do(t, http.MethodGet, path, ""), h.do(t, http.MethodGet, collection, ""),
		h.do(t, http.MethodPost, path+"/disable", ""), h.do(t, http.MethodPost, path+"/enable", ""),
	} {
		if a.Status != http.StatusOK || strings.Contains(a.Text, "failCount") {
			t.Errorf("without Redis: %d %s", a.Status, a.Text)
		}
	}
}
