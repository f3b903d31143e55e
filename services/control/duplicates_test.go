package control

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthaste/posthaste/services/control/internal/rest"
)

func TestDuplicates(t *testing.T) {
	t.Parallel()
	h := start(t)
	post := func(body string) answer { return h.do(t, http.MethodPost, collection, body) }
	path := func(a answer) string { t.Helper(); return collection + "/" + a.one(t, http.StatusCreated).Data.ID }
	for range 2 {
		post(of("standard", "x", types)).one(t, http.StatusCreated)
	}
	first := path(post(of("agentrail", "x", `,"eventTypes":["a","b"],"filters":{"taskIds":["t","u"]}`)))
	twin := of("agentrail", "x", `,"eventTypes":["b","a"],"filters":{"taskIds":["u","t"]}`)
	taken := post(twin)
	taken.refused(t, http.StatusConflict, "conflict")
	if !strings.Contains(taken.Text, `"subscriptionId":"`+strings.TrimPrefix(first, collection+"/")+`"`) {
		t.Errorf("%s", taken.Text)
	}
	h.as(t, call{"tenant-acme", rest.MediaJSON}, http.MethodPost, collection, twin).one(t, http.StatusCreated)
	post(of("agentrail", "x", types)).one(t, http.StatusCreated) // another filter set
	post(of("agentrail", "y", `,"eventTypes":["a","b"],"filters":{"taskIds":["t","u"]}`)).one(t, http.StatusCreated)

	h.do(t, http.MethodPost, first+"/disable", "").one(t, http.StatusOK)
	second := path(post(twin))
	h.do(t, http.MethodDelete, second, "").one(t, http.StatusAccepted)
	third := path(post(twin)) // the claim was given back

	h.do(t, http.MethodPatch, third, `{"url":"https://example.com/z"}`).one(t, http.StatusOK)
	path(post(twin))
	post(of("agentrail", "z", `,"eventTypes":["a","b"],"filters":{"taskIds":["t","u"]}`)).refused(t, http.StatusConflict, "conflict")
}

// What is refused for another reason claims nothing.
func TestRefusedCreateClaimsNothing(t *testing.T) {
	t.Parallel()
	h := start(t, func(c *Config, _ *Deps) { c.Subscriptions.MaxSubscriptions = 1 })
	room := h.created(t, of("agentrail", "x", types)).ID
	for _, body := range []string{of("agentrail", "y", types), of("aicity", "y", "")} {
		if a := h.do(t, http.MethodPost, collection, body); !strings.Contains(a.Text, "MAX_SUBSCRIPTIONS") {
			t.Errorf("%d %s", a.Status, a.Text)
		}
		h.do(t, http.MethodDelete, collection+"/"+room, "").one(t, http.StatusAccepted)
		room = h.created(t, body).ID
	}
}

// atOnce sends the same request several times at the same moment.
func (h *harness) atOnce(t *testing.T, n int, method, path, body string) []answer {
	t.Helper()
	answers := make([]answer, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { answers[i] = h.do(t, method, path, body) })
	}
	wg.Wait()
	return answers
}

func TestSimultaneousCreates(t *testing.T) {
	t.Parallel()
	h := start(t)
	got := make(map[int]int)
	for _, a := range h.atOnce(t, 8, http.MethodPost, collection, of("agentrail", "x", types)) {
		got[a.Status]++
	}
	if diff := cmp.Diff(map[int]int{http.StatusCreated: 1, http.StatusConflict: 7}, got); diff != "" {
		t.Error(diff)
	}
	if n := len(h.do(t, http.MethodGet, collection, "").many(t).Data); n != 1 {
		t.Errorf("%d subscriptions", n)
	}
}

func TestSimultaneousRegistrations(t *testing.T) {
	t.Parallel()
	h := start(t)
	secrets := 0
	for _, a := range h.atOnce(t, 8, http.MethodPut, "/v1/webhook", `{"url":"https://example.com/x"}`) {
		var hook struct{ Secret string }
		if err := json.Unmarshal([]byte(a.Text), &hook); err != nil || a.Status != http.StatusOK && a.Status != http.StatusConflict {
			t.Errorf("%d %s, %v", a.Status, a.Text, err)
		}
		if a.Status == http.StatusConflict && a.Header.Get("Retry-After") != "1" {
			t.Errorf("no Retry-After: %v", a.Header)
		}
		if hook.Secret != "" {
			secrets++
		}
	}
	if n := len(h.do(t, http.MethodGet, collection, "").many(t).Data); n != 1 || secrets != 1 {
		t.Errorf("%d subscriptions, %d secrets", n, secrets)
	}
}
