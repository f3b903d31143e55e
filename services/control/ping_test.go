package control

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/aicity"
	"github.com/posthaste/posthaste/services/control/internal/subscriptions"
)

// No request takes longer than it may, whatever it waits for.
func TestRequestTimeout(t *testing.T) {
	t.Parallel()
	h := start(t, func(c *Config, _ *Deps) { c.API.RequestTimeout = 300 * time.Millisecond })
	path := collection + "/" + h.created(t, valid).ID
	began := time.Now()
	a := h.do(t, http.MethodPost, path+"/test", "") // no dispatcher runs
	if took := time.Since(began); took > 4*time.Second || !strings.Contains(a.Text, "not_attempted") && a.Status != http.StatusServiceUnavailable {
		t.Errorf("%d %s after %s", a.Status, a.Text, took)
	}
}

// A test event goes through the full path, to disabled ones too.
func TestTestEvent(t *testing.T) {
	t.Parallel()
	h := start(t)
	pings := make(chan *posthastev1.Delivery, 10)
	var broken atomic.Bool
	h.dispatch(t, func(d *posthastev1.Delivery) *posthastev1.Attempt {
		pings <- d
		if broken.Load() {
			return answered(d, http.StatusInternalServerError, rep("é", 501)+"\xff")
		}
		return answered(d, http.StatusOK, "ok")
	})
	test := func(path string) subscriptions.TestResult {
		t.Helper()
		a := h.do(t, http.MethodPost, path+"/test", "")
		if a.Status != http.StatusOK {
			t.Fatalf("%d %s", a.Status, a.Text)
		}
		return decoded[struct{ Data subscriptions.TestResult }](t, a.Text).Data
	}
	path := collection + "/" + h.created(t, valid).ID
	got := test(path)
	ok, failed := http.StatusOK, http.StatusInternalServerError
	want := subscriptions.TestResult{Success: true, Status: &ok, Body: "ok", DurationMs: 2.5, DeliveryID: got.DeliveryID, Reason: "reason"}
	if diff := cmp.Diff(want, got); diff != "" || !strings.HasPrefix(got.DeliveryID, "ping_") {
		t.Errorf("%s in %+v", diff, got)
	}
	if d := <-pings; !d.GetTest() || d.GetAttempt() != 1 || d.GetEvent().GetType() != "ping" || d.GetEvent().GetTenant() != "default" || d.GetId() != got.DeliveryID {
		t.Errorf("%+v", d)
	}
	h.do(t, http.MethodPost, path+"/disable", "").one(t, http.StatusOK)
	broken.Store(true)
	if got := test(path); got.Success || *got.Status != failed || got.Body != rep("é", 500) {
		t.Errorf("%+v", got)
	}
	h.do(t, http.MethodPut, hook, `{"url":"https://example.com/1"}`)
	a := h.do(t, http.MethodPost, hook+"/test", "")
	if w := decoded[aicity.WebhookTest](t, a.Text); a.Status != http.StatusOK || w.Success || *w.Status != failed || w.Body != rep("é", 500) {
		t.Errorf("%d %s", a.Status, a.Text)
	}
	h.do(t, http.MethodPost, collection+"/evsub_01ARZ3NDEKTSV4RRFFQ69G5FAV/test", "").refused(t, http.StatusNotFound, "not_found")
}
