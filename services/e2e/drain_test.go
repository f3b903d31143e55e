package e2e

import (
	"net/http"
	"testing"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// A dispatcher that is told to stop finishes what is in flight and gives the
// rest back: nothing is lost and nothing arrives twice.
func TestDispatcherDrains(t *testing.T) {
	begin(t)
	s := startStack(t, plan{})
	endpoints := []*endpoint{receive(t, slow(300*time.Millisecond)), receive(t, slow(200*time.Millisecond))}
	for _, e := range endpoints {
		s.subscribe(t, e, wish{types: []string{"drain.load"}})
	}
	work := startLoad(t, s.api, pace{"drain.load", 5, 50 * time.Millisecond})
	work.awaitAccepted(t, 50)
	leaving := s.dispatchers[0]
	s.addDispatcher(t, nil).awaitReady(t)
	eventually(t, "a POST in flight", func() bool { return endpoints[0].busy.Load() > 0 && endpoints[1].busy.Load() > 0 }, nil)

	leaving.terminate(t)
	if code := leaving.exitCode(t); code != 0 {
		t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
	ids := work.stop()
	for i, e := range endpoints {
		e.awaitAll(t, ids)
		s.awaitIdle(t)
		if n := e.repeats(); n > 0 {
			t.Errorf("endpoint %d: %d of %d events arrived twice", i, n, len(ids))
		}
	}
}

// Every service ends with 0 on SIGTERM, under load and whatever goes first.
func TestServicesDrain(t *testing.T) {
	begin(t)
	s := startStack(t, plan{routers: 2, dispatchers: 2})
	to := receive(t, nil)
	s.subscribe(t, to, wish{types: []string{"stop.load"}})
	work := startLoad(t, s.api, pace{"stop.load", 5, 20 * time.Millisecond})
	work.awaitAccepted(t, 100)
	s.awaitShared(t)
	stopping := []*service{s.routers[0], s.dispatchers[0], s.control}
	for _, each := range stopping {
		each.terminate(t)
	}
	for _, each := range stopping {
		if code := each.exitCode(t); code != 0 {
			t.Errorf("%s: exit code %d, want 0", each.name, code)
		}
	}
	ids := work.stop() // before ingest, which would refuse connections
	s.ingest.terminate(t)
	if code := s.ingest.exitCode(t); code != 0 {
		t.Errorf("ingest: exit code %d, want 0", code)
	}
	to.awaitAll(t, ids)
	s.awaitIdle(t)
	if n := to.repeats(); n > 0 {
		t.Errorf("%d of %d events arrived twice", n, len(ids))
	}
}

// An endpoint that hangs does not hold a dispatcher beyond its grace, and the
// delivery goes to another, which does not count it as a failed attempt.
func TestGraceEnds(t *testing.T) {
	begin(t)
	s := startStack(t, plan{dispatcher: env{"POSTHASTE_GRACE": "500ms", "POSTHASTE_REQUEST_TIMEOUT": "1m"}})
	released := make(chan struct{})
	to := receive(t, func(_ http.ResponseWriter, a arrival) {
		if a.nth == 1 {
			<-released
		}
	})
	t.Cleanup(func() { close(released) }) // before the server closes, which waits for its answers
	sub := s.subscribe(t, to, wish{tenant: "grace", types: []string{"hang.on"}})
	s.publish(t, event{Tenant: "grace", Type: "hang.on", Data: []byte(`{}`)})
	to.await(t, 1)
	leaving := s.dispatchers[0]
	s.addDispatcher(t, nil).awaitReady(t)
	leaving.terminate(t)
	if code := leaving.exitCode(t); code != 0 {
		t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
	to.await(t, 2)
	record := attempts(t, connect(t, s.nats.url), sub, "hang.on", 1)[0]
	checkRecord(t, record, 1, posthastev1.Outcome_OUTCOME_DELIVERED)
}
