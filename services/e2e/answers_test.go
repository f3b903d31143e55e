package e2e

import (
	"encoding/json"
	"net/http"
	"time"
)

// Retry-After is waited for where it is longer than the schedule.
func testRetryAfter(c scenario) {
	t, s, tenant := c.T, c.stack, c.tenant
	to := receive(t, func(w http.ResponseWriter, a arrival) {
		if a.nth == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
	s.subscribe(t, to, wish{tenant: tenant, types: []string{"slow.down"}, delays: shortDelays})
	s.publish(t, event{Tenant: tenant, Type: "slow.down", Data: json.RawMessage(`{}`)})
	posts := to.await(t, 2)
	checkTime(t, 2, posts[1].at.Sub(posts[0].at), time.Second)
}

// A redirect is a failure and is not followed.
func testRedirect(c scenario) {
	t, s, tenant := c.T, c.stack, c.tenant
	elsewhere := receive(t, nil)
	to := receive(t, func(w http.ResponseWriter, _ arrival) {
		w.Header().Set("Location", elsewhere.url())
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	sub := s.subscribe(t, to, wish{tenant: tenant, types: []string{"go.there"}, delays: []string{"100ms"}})
	s.publish(t, event{Tenant: tenant, Type: "go.there", Data: json.RawMessage(`{}`)})
	for _, r := range attempts(t, connect(t, s.nats.url), sub, "go.there", 2) {
		if r.GetReason() != "redirect" || r.GetStatus() != http.StatusTemporaryRedirect {
			t.Errorf("attempt %d came to %q with status %d", r.GetNumber(), r.GetReason(), r.GetStatus())
		}
	}
	if elsewhere.busy.Load() != 0 || elsewhere.count() != 0 {
		t.Error("the redirect was followed")
	}
}

// An endpoint that never answers costs an attempt its time-out, and no more.
func testTimeout(c scenario) {
	t, s, tenant := c.T, c.stack, c.tenant
	released := make(chan struct{})
	to := receive(t, func(_ http.ResponseWriter, a arrival) {
		if a.nth == 1 {
			<-released
		}
	})
	t.Cleanup(func() { close(released) }) // before the server closes, which waits for its answers
	sub := s.subscribe(t, to, wish{tenant: tenant, types: []string{"hang.on"}, delays: []string{"100ms"}})
	s.publish(t, event{Tenant: tenant, Type: "hang.on", Data: json.RawMessage(`{}`)})
	to.await(t, 2)
	if r := attempts(t, connect(t, s.nats.url), sub, "hang.on", 1)[0]; r.GetReason() != "timeout" {
		t.Errorf("the first attempt came to %q, want timeout", r.GetReason())
	}
}
