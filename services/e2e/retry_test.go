package e2e

import (
	"bytes"
	"strconv"
	"testing"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

var (
	shortDelays = []string{"100ms", "300ms", "600ms"}
	shortWaits  = []time.Duration{100 * time.Millisecond, 300 * time.Millisecond, 600 * time.Millisecond}
)

const (
	// early is what the delay line counts as due.
	early = time.Millisecond
	// late is how far behind the schedule an attempt may be on a busy machine.
	late = time.Second
)

// An endpoint that fails three times gets attempts 1 to 4 at the schedule's
// times: the same delivery, each time signed anew.
func testRetries(c scenario) {
	t, s, tenant := c.T, c.stack, c.tenant
	to := receive(t, failing(3))
	sub := s.subscribe(t, to, wish{tenant: tenant, types: []string{"retry.me"}, delays: shortDelays})
	s.publish(t, event{Tenant: tenant, Type: "retry.me", Data: []byte(`{"n": 1}`)})
	posts := to.await(t, 4)
	for i, post := range posts[1:] {
		checkTime(t, i+2, post.at.Sub(posts[i].at), shortWaits[i])
	}
	for _, post := range posts {
		if post.id != posts[0].id || !bytes.Equal(post.body, posts[0].body) {
			t.Errorf("attempt %d is %s %s, the first was %s %s", post.nth, post.id, post.body, posts[0].id, posts[0].body)
		}
		checkFresh(t, post)
	}
	records := attempts(t, connect(t, s.nats.url), sub, "retry.me", 4)
	for i, r := range records {
		want := posthastev1.Outcome_OUTCOME_UNSPECIFIED
		if i == 3 {
			want = posthastev1.Outcome_OUTCOME_DELIVERED
		}
		checkRecord(t, r, i+1, want)
	}
	if n := to.count(); n != 4 {
		t.Errorf("%d POSTs, want 4", n)
	}
}

func checkTime(t *testing.T, attempt int, waited, wait time.Duration) {
	t.Helper()
	if waited < wait-early || waited > wait+late {
		t.Errorf("attempt %d came %s after the one before, want %s to %s", attempt, waited, wait, wait+late)
	}
}

// checkFresh holds the timestamp to the attempt's own time. The signature over
// it was verified on arrival.
func checkFresh(t *testing.T, post arrival) {
	t.Helper()
	seconds, err := strconv.ParseInt(post.header.Get("webhook-timestamp"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if age := post.at.Sub(time.Unix(seconds, 0)); age < 0 || age > time.Second+late {
		t.Errorf("attempt %d arrived %s after its webhook-timestamp", post.nth, age)
	}
}

func checkRecord(t *testing.T, r *posthastev1.Attempt, number int, outcome posthastev1.Outcome) {
	t.Helper()
	if int(r.GetNumber()) != number || r.GetOutcome() != outcome {
		t.Errorf("record says attempt %d came to %s, want %d and %s", r.GetNumber(), r.GetOutcome(), number, outcome)
	}
	ended := outcome != posthastev1.Outcome_OUTCOME_UNSPECIFIED
	if (r.GetNextAt() == nil) != ended {
		t.Errorf("attempt %d came to %s, and the next is at %v", number, outcome, r.GetNextAt().AsTime())
	}
}

// An endpoint that never recovers: the records number the attempts, say when
// the next is, and end with FAILED.
func testExhausted(c scenario) {
	t, s, tenant := c.T, c.stack, c.tenant
	to := receive(t, status(500))
	sub := s.subscribe(t, to, wish{tenant: tenant, types: []string{"fail.me"}, delays: shortDelays})
	ids := s.publish(t, event{Tenant: tenant, Type: "fail.me", Data: []byte(`1`)})
	records := attempts(t, connect(t, s.nats.url), sub, "fail.me", 4)
	for i, r := range records[:3] {
		checkRecord(t, r, i+1, posthastev1.Outcome_OUTCOME_UNSPECIFIED)
		if wait := r.GetNextAt().AsTime().Sub(r.GetStartedAt().AsTime()); wait < shortWaits[i] || wait > shortWaits[i]+late {
			t.Errorf("the attempt after %d is %s later, want %s", i+1, wait, shortWaits[i])
		}
	}
	checkRecord(t, records[3], 4, posthastev1.Outcome_OUTCOME_FAILED)
	last := records[3]
	if last.GetReason() != "server_error" || last.GetStatus() != 500 || last.GetEventId() != ids[0] {
		t.Errorf("the last record is %v", last)
	}
	if got := s.get(t, sub.ID); got.Status != "active" || got.FailCount == nil || *got.FailCount != 1 {
		t.Errorf("after one failed delivery the subscription is %+v", got)
	}
}
