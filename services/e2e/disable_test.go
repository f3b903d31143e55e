package e2e

import (
	"encoding/json"
	"testing"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// Ten failed deliveries in a row disable a subscription, its tenant is told
// once, and the healthy subscription beside it sees nothing else of it.
func testDisabled(c scenario) {
	t, s, tenant := c.T, c.stack, c.tenant
	bad, good := receive(t, status(500)), receive(t, nil)
	sub := s.subscribe(t, bad, wish{tenant: tenant, types: []string{"job.done"}, delays: []string{"100ms"}})
	s.subscribe(t, good, wish{tenant: tenant, types: []string{"*"}})
	published, ids := time.Now(), []string(nil)
	for range 10 {
		ids = append(ids, s.publish(t, event{Tenant: tenant, Type: "job.done", Data: json.RawMessage(`{}`)})...)
	}
	eventually(t, "the subscription to be disabled", func() bool { return s.get(t, sub.ID).Status == "disabled" }, nil)
	if got := s.get(t, sub.ID); got.DisabledReason != "consecutive_failures" || got.FailCount == nil || *got.FailCount != 10 {
		t.Errorf("disabled as %+v, want consecutive_failures and 10", got)
	}
	checkHealthy(t, good, ids, published)
	checkTold(t, s, good, sub)
	testEnabled(t, s, bad, sub)
}

// checkHealthy holds that each event arrived once, and none late.
func checkHealthy(t *testing.T, good *endpoint, ids []string, published time.Time) {
	t.Helper()
	if repeats := good.awaitAll(t, ids); repeats > 0 {
		t.Errorf("%d events arrived twice at the healthy endpoint", repeats)
	}
	for _, a := range good.all() {
		if after := a.at.Sub(published); a.event.Type == "job.done" && after > 2*late {
			t.Errorf("event %s arrived at the healthy endpoint after %s", a.event.ID, after)
		}
	}
}

// checkTold holds that subscription.disabled arrives, once.
func checkTold(t *testing.T, s *stack, good *endpoint, sub subscription) {
	t.Helper()
	told := func() (all []arrival) {
		for _, a := range good.all() {
			if a.event.Type == "subscription.disabled" {
				all = append(all, a)
			}
		}
		return all
	}
	eventually(t, "subscription.disabled", func() bool { return len(told()) > 0 }, nil)
	// What came after it has arrived too when this has.
	s.deliver(t, good, sub.Tenant, "marker")
	var data struct{ SubscriptionID, Reason string }
	decode(t, told()[0].event.Data, &data)
	if data.SubscriptionID != sub.ID || data.Reason != "consecutive_failures" || len(told()) != 1 {
		t.Errorf("told %d times of %+v", len(told()), data)
	}
}

// deliver publishes an event and returns when it has arrived.
func (a *api) deliver(t *testing.T, to *endpoint, tenant, eventType string) {
	t.Helper()
	to.awaitAll(t, a.publish(t, event{Tenant: tenant, Type: eventType, Data: json.RawMessage(`null`)}))
}

// testEnabled holds that a disabled subscription works again once enabled,
// with its failures forgotten.
func testEnabled(t *testing.T, s *stack, bad *endpoint, sub subscription) {
	t.Helper()
	bad.become(nil)
	s.enable(t, sub.ID)
	if got := s.get(t, sub.ID); got.Status != "active" || got.DisabledReason != "" || got.FailCount == nil || *got.FailCount != 0 {
		t.Errorf("enabled as %+v", got)
	}
	s.inEffect(t, bad, sub)
	s.deliver(t, bad, sub.Tenant, "job.done")
}

// 410 disables at once.
func testGone(c scenario) {
	t, s, tenant := c.T, c.stack, c.tenant
	to := receive(t, status(410))
	sub := s.subscribe(t, to, wish{tenant: tenant, types: []string{"go.away"}, delays: shortDelays})
	s.publish(t, event{Tenant: tenant, Type: "go.away", Data: json.RawMessage(`{}`)})
	eventually(t, "the subscription to be disabled", func() bool { return s.get(t, sub.ID).Status == "disabled" }, nil)
	if got := s.get(t, sub.ID); got.DisabledReason != "gone" {
		t.Errorf("disabled because %q, want gone", got.DisabledReason)
	}
	record := attempts(t, connect(t, s.nats.url), sub, "go.away", 1)[0]
	checkRecord(t, record, 1, posthastev1.Outcome_OUTCOME_FAILED)
	if record.GetReason() != "gone" || to.count() != 1 {
		t.Errorf("%d POSTs, the first came to %q", to.count(), record.GetReason())
	}
}
