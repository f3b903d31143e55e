package ingest

import (
	"net/http"
	"testing"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

func TestRateLimited(t *testing.T) {
	t.Parallel()
	h := newHarness(t, func(c *configs) { c.MaxBatchEvents, c.TenantRate, c.TenantBurst = 2, 0.5, 2 })
	now := time.Now()
	h.now = func() time.Time { return now }
	two := `[{"type":"a","data":1},{"type":"a","data":1}]`
	if r := h.post(two); r.status != http.StatusAccepted {
		t.Fatalf("answer %d %s", r.status, r.body)
	}
	r := h.post(two)
	r.want(t, http.StatusTooManyRequests, `{"error":{"code":"rate_limited","message":"The tenant sends more events than its rate allows (POSTHASTE_TENANT_RATE).",`+
		`"details":{"eventsPerSecond":0.5,"tenant":"default"}}}`)
	if got := r.header.Get("Retry-After"); got != "4" {
		t.Errorf("Retry-After %q, want 4: two events at one in 2 s", got)
	}
	if got := h.count(); got != 2 {
		t.Errorf("%d events are stored, want 2", got)
	}
	if r := h.post(`{"tenant":"other","type":"a","data":1}`); r.status != http.StatusAccepted {
		t.Errorf("another tenant waits too: %d", r.status)
	}
	now = now.Add(4 * time.Second)
	if r := h.post(two); r.status != http.StatusAccepted {
		t.Errorf("after Retry-After: %d %s", r.status, r.body)
	}
}

func events(tenants ...string) []*posthastev1.Event {
	all := make([]*posthastev1.Event, len(tenants))
	for i, tenant := range tenants {
		all[i] = &posthastev1.Event{Tenant: tenant}
	}
	return all
}

// A refused request costs nobody anything.
func TestRatesTakeAllOrNothing(t *testing.T) {
	t.Parallel()
	r := newRates(1, 3)
	now := time.Now()
	if err := r.take(events("a", "a", "a"), now); err != nil {
		t.Fatal(err)
	}
	for range 20 { // map order differs from call to call
		if err := r.take(events("b", "a", "c"), now); err == nil {
			t.Fatal("a has no tokens left")
		}
	}
	if err := r.take(events("b", "b", "b", "c", "c", "c"), now); err != nil {
		t.Errorf("the refused requests cost tokens: %v", err)
	}
}

func TestRatesAreBounded(t *testing.T) {
	t.Parallel()
	r := newRates(1000, 5)
	busy := time.Now().Add(time.Hour)
	if err := r.take(events("busy", "busy"), busy); err != nil {
		t.Fatal(err)
	}
	for len(r.tenants) < maxTenants {
		r.limiter(time.Duration(len(r.tenants)).String())
	}
	r.limiter("one more")
	if n := len(r.tenants); n > 3 {
		t.Errorf("%d tenants are kept", n)
	}
	if newRates(0, 5).take(events("a"), busy) != nil {
		t.Error("no rate is no limit")
	}
}
