package control

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/idempotency"
	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

func TestWithoutNATS(t *testing.T) {
	t.Parallel()
	h := start(t, func(c *Config, _ *Deps) { c.API.StoreTimeout = 300 * time.Millisecond })
	path := collection + "/" + h.created(t, valid).ID
	h.stopNATS()
	testbed.Eventually(t, "the connection is lost", func() bool { return !h.bus.Connected() })
	for _, c := range []struct{ method, path, body string }{
		{http.MethodPost, collection, valid},
		{http.MethodGet, path, ""},
		{http.MethodGet, collection + "/evsub_unknown", ""},
		{http.MethodPatch, path, `{"description":"x"}`},
		{http.MethodDelete, path, ""},
		{http.MethodPost, path + "/enable", ""},
		{http.MethodPost, path + "/disable", ""},
	} {
		a := h.do(t, c.method, c.path, c.body)
		a.refused(t, http.StatusServiceUnavailable, "unavailable")
		if a.Header.Get("Retry-After") != "1" || strings.Contains(a.Text, "nats") {
			t.Errorf("%s %s: %v %s", c.method, c.path, a.Header, a.Text)
		}
	}
	if got := h.do(t, http.MethodGet, collection, "").many(t); len(got.Data) != 1 {
		t.Errorf("the list is in memory: %+v", got)
	}
	h.do(t, http.MethodPost, collection, `{}`).names(t, "url", "is required") // still told what is wrong
}

// Every operation answers, with something that it is described to answer.
func TestEverythingAnswersWithoutNATS(t *testing.T) {
	t.Parallel()
	h := start(t, func(c *Config, _ *Deps) { c.API.StoreTimeout = 100 * time.Millisecond })
	theirs := h.acmes(t)
	h.stopNATS()
	testbed.Eventually(t, "the connection is lost", func() bool { return !h.bus.Connected() })
	for _, op := range h.doc.all() {
		a := h.as(t, call{"tenant-acme", rest.MediaJSON}, op.method, concrete(t, theirs, op.path), op.body())
		if a.Status == http.StatusServiceUnavailable && a.Header.Get("Retry-After") == "" {
			t.Errorf("%s %s: no Retry-After", op.method, op.path)
		}
		if op.endless() {
			a.refused(t, http.StatusServiceUnavailable, "unavailable")
		}
	}
	a := h.as(t, call{adminKey, rest.MediaJSON}, http.MethodPost, collection, valid, idempotency.Header, "while-it-is-away")
	a.refused(t, http.StatusServiceUnavailable, "unavailable")
}

// The bucket is gone but NATS is there: nothing that the client can wait out
// in a second, yet not its mistake.
func TestWithoutBucket(t *testing.T) {
	t.Parallel()
	h := start(t, func(c *Config, _ *Deps) { c.API.StoreTimeout = 300 * time.Millisecond })
	if err := h.bus.JS.DeleteKeyValue(t.Context(), "subscriptions"); err != nil {
		t.Fatal(err)
	}
	if a := h.do(t, http.MethodPost, collection, valid); a.Status < 500 || strings.Contains(a.Text, "subscriptions.") {
		t.Errorf("%d %s", a.Status, a.Text)
	}
}

// A watcher that does not run: the change is stored and answered all the same.
func TestAnswersWhereTheIndexLags(t *testing.T) {
	t.Parallel()
	other := start(t)
	h := start(t, func(c *Config, d *Deps) {
		c.API.ApplyTimeout = 20 * time.Millisecond
		d.Live = &subscription.Live{Store: other.deps.Live.Store, Index: d.Live.Index, Watcher: d.Live.Watcher}
	})
	id := h.created(t, valid).ID
	h.do(t, http.MethodPatch, collection+"/"+id, `{"description":"x"}`).one(t, http.StatusOK)
	testbed.Eventually(t, "the lag is logged", func() bool { return strings.Contains(h.log.String(), "not in effect yet") })
}

func TestTwoInOneProcess(t *testing.T) {
	t.Parallel()
	a, b := start(t), start(t)
	a.do(t, http.MethodGet, collection+"?limit=0", "").names(t, "limit", "")
	b.do(t, http.MethodGet, collection+"?limit=0", "").names(t, "limit", "")
}
