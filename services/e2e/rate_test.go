package e2e

import (
	"net/http"
	"strconv"
	"testing"
	"time"
)

// A rate that is set over the API is held to in every attempt, and what waits
// for it has one attempt still.
func testRate(c scenario) {
	t, s, tenant := c.T, c.stack, c.tenant
	const many, every = 8, 100 * time.Millisecond
	to := receive(t, nil)
	sub := s.subscribe(t, to, wish{tenant: tenant, types: []string{"rate.me"}})
	s.must(t, http.StatusOK, http.MethodPatch, s.subscriptions+"/v1/event-subscriptions/"+sub.ID, []byte(`{"rateLimit":{"deliveries":10,"per":"1s"}}`))
	s.inEffect(t, to, sub)
	events := make([]event, many)
	for i := range events {
		events[i] = event{Tenant: tenant, Type: "rate.me", Data: []byte(strconv.Itoa(i))}
	}
	ids := s.publish(t, events...)
	if repeats := to.awaitAll(t, ids); repeats != 0 {
		t.Errorf("%d came more than once", repeats)
	}
	checkPace(t, to.all(), every)
	for _, r := range attempts(t, connect(t, s.nats.url), sub, "rate.me", many) {
		if r.GetNumber() != 1 {
			t.Errorf("recorded as %v", r)
		}
	}
}

// checkPace allows for one POST that is late, and so is close to the next.
func checkPace(t *testing.T, posts []arrival, every time.Duration) {
	t.Helper()
	took, least := posts[len(posts)-1].at.Sub(posts[0].at), time.Duration(len(posts)-2)*every
	if took < least {
		t.Errorf("%d POSTs came within %s, want no less than %s", len(posts), took, least)
	}
}
