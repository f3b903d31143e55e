package control

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthaste/posthaste/services/control/internal/subscriptions"
)

func TestPatch(t *testing.T) {
	t.Parallel()
	h := start(t)
	const full = `{"url":"https://example.com/","eventTypes":["a.b"],"description":"d","filters":{"taskIds":["t"]},"retryPolicy":{"delays":["7s"]}}`
	standard := subscriptions.EventSubscriptionRetryPolicy{MaxAttempts: 4, InitialBackoffSeconds: 10, MaxBackoffSeconds: 300, Delays: []string{"10s", "1m", "5m"}}
	for body, want := range map[string]func(*subscriptions.EventSubscription){
		`{}`:                                    func(*subscriptions.EventSubscription) {},
		`{"url":"https://other.example.com/x"}`: func(v *subscriptions.EventSubscription) { v.URL = "https://other.example.com/x" },
		`{"eventTypes":["*"]}`:                  func(v *subscriptions.EventSubscription) { v.EventTypes = []string{"*"} },
		`{"description":"e"}`:                   func(v *subscriptions.EventSubscription) { v.Description = "e" },
		`{"description":null}`:                  func(v *subscriptions.EventSubscription) { v.Description = "" },
		`{"filters":null}`:                      func(v *subscriptions.EventSubscription) { v.Filters.TaskIDs = []string{} },
		`{"filters":{}}`:                        func(*subscriptions.EventSubscription) {},
		`{"filters":{"taskIds":null}}`:          func(v *subscriptions.EventSubscription) { v.Filters.TaskIDs = []string{} },
		`{"filters":{"taskIds":[]}}`:            func(v *subscriptions.EventSubscription) { v.Filters.TaskIDs = []string{} },
		`{"filters":{"taskIds":["u","v"]}}`:     func(v *subscriptions.EventSubscription) { v.Filters.TaskIDs = []string{"u", "v"} },
		`{"retryPolicy":null}`:                  func(v *subscriptions.EventSubscription) { v.RetryPolicy = standard },
		`{"retryPolicy":{}}`:                    func(*subscriptions.EventSubscription) {},
		`{"retryPolicy":{"delays":null}}`:       func(v *subscriptions.EventSubscription) { v.RetryPolicy = standard },
		`{"retryPolicy":{"delays":["1s","2s"]}}`: func(v *subscriptions.EventSubscription) {
			v.RetryPolicy = subscriptions.EventSubscriptionRetryPolicy{MaxAttempts: 3, InitialBackoffSeconds: 1, MaxBackoffSeconds: 2, Delays: []string{"1s", "2s"}}
		},
	} {
		before := h.created(t, full)
		path := collection + "/" + before.ID
		got := h.as(t, call{adminKey, "application/merge-patch+json"}, http.MethodPatch, path, body).one(t, http.StatusOK).Data
		expected := before
		expected.Secret = ""
		want(&expected)
		if changed := !cmp.Equal(expected, withoutSecret(before)); changed != got.UpdatedAt.After(before.UpdatedAt) && !changed {
			t.Errorf("%s: updatedAt rose though nothing changed", body)
		}
		expected.UpdatedAt = got.UpdatedAt
		if diff := cmp.Diff(expected, got); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
		if diff := cmp.Diff(got, h.do(t, http.MethodGet, path, "").one(t, http.StatusOK).Data); diff != "" {
			t.Errorf("%s: read again: %s", body, diff)
		}
	}
}

func withoutSecret(v subscriptions.EventSubscription) subscriptions.EventSubscription {
	v.Secret = ""
	return v
}

func TestPatchRefuses(t *testing.T) {
	t.Parallel()
	h := start(t)
	path := collection + "/" + h.created(t, valid).ID
	for _, c := range []struct{ body, field, message string }{
		{`null`, "", "JSON object"},
		{`[]`, "", "JSON object"},
		{`{"url":null}`, "url", "is required"},
		{`{"eventTypes":null}`, "eventTypes", "1 to 100"},
		{`{"eventTypes":["a","a"]}`, "eventTypes[1]", "same as eventTypes[0]"},
		{`{"secret":"x"}`, "secret", "unknown field"},
		{`{"status":"active"}`, "status", "unknown field"},
		{`{"tenant":"x"}`, "tenant", "unknown field"},
		{`{"URL":"x"}`, "URL", "unknown field"},
		{`{"filters":{"x":1}}`, "filters.x", "unknown field"},
		{`{"filters":{"taskIds":[1]}}`, "filters.taskIds[0]", "a string"},
		{`{"filters":7}`, "filters", "an object"},
		{`{"retryPolicy":{"delays":[]}}`, "retryPolicy.delays", "1 to 20"},
		{`{"url":"http://example.com/"}`, "url", "Webhook URL must use HTTPS"},
	} {
		t.Run(c.body, func(t *testing.T) {
			t.Parallel()
			h.do(t, http.MethodPatch, path, c.body).names(t, c.field, c.message)
		})
	}
}

// Twenty writers at once change four members; every one gets through, and no
// member loses the last thing that its own writer was told.
func TestConcurrentPatchesLoseNothing(t *testing.T) {
	t.Parallel()
	h := start(t)
	path := collection + "/" + h.created(t, valid).ID
	var wg sync.WaitGroup
	for i := range 20 {
		body := []string{`{"description":"d%d"}`, `{"eventTypes":["e%d"]}`, `{"filters":{"taskIds":["t%d"]}}`, `{"retryPolicy":{"delays":["%ds"]}}`}[i%4]
		wg.Go(func() {
			if a := h.do(t, http.MethodPatch, path, fmt.Sprintf(body, i+1)); a.Status != http.StatusOK {
				t.Errorf("%d: %s", a.Status, a.Text)
			}
		})
	}
	wg.Wait()
	got := h.do(t, http.MethodGet, path, "").one(t, http.StatusOK).Data
	if got.Description == "" || got.EventTypes[0] == "task.*" || len(got.Filters.TaskIDs) != 1 || got.RetryPolicy.MaxAttempts != 2 {
		t.Errorf("something was lost: %+v", got)
	}
	sub, err := h.deps.Live.Store.Get(t.Context(), "default", got.ID)
	if err != nil || sub.Revision != 21 {
		t.Errorf("revision %d, %v; want 21, one for each change", sub.Revision, err)
	}
}
