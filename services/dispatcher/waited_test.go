package dispatcher

import (
	"net/http"
	"testing"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/dispatcher/internal/gate"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// A delivery that waits for its place, in the gate or in the delay line, is
// sent, or not, by what holds when it gets it.
func TestChangesWhileWaiting(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.cfg.Gate.Concurrency = 1
	h.start(t)
	arrived, answer := make(chan struct{}), make(chan struct{})
	e := newEndpoint(t, func(_ http.ResponseWriter, r *http.Request, n int) {
		if n%2 == 1 { // the first of each pair
			arrived <- struct{}{}
			select {
			case <-answer:
			case <-r.Context().Done():
			}
		}
	})
	sub := h.wish(t, e.URL, signs(older))
	changed := func(change func(*posthastev1.Subscription)) {
		h.fresh(t, sub, 1)
		<-arrived
		h.fresh(t, sub, 1) // there is one place
		h.change(t, sub, change)
		answer <- struct{}{}
		h.settled(t)
	}

	changed(signs(secret))
	posts := e.posts()
	if len(posts) != 2 {
		t.Fatalf("%d POSTs, want 2", len(posts))
	}
	if err := verifies(t, posts[1], webhook.Standard(), secret); err != nil {
		t.Errorf("signed with what held before it waited: %v", err)
	}
	changed(func(pb *posthastev1.Subscription) {
		subscription.MarkDisabled(pb, subscription.DisabledRequested, time.Now())
	})
	if e.count() != 3 {
		t.Error("posted after it was disabled")
	}
}

// A delivery that waited for a worker longer than AckWait was handed to another
// dispatcher meanwhile, and so was one that comes a second time. What that has
// delivered is not sent again.
func TestDeliveredByAnotherWhileItWaited(t *testing.T) {
	t.Parallel()
	for name, waited := range map[string]func(*Service, *job){
		"longer than AckWait": func(s *Service, _ *job) {
			s.now = func() time.Time { return time.Now().Add(s.Bus.AckWait()) }
		},
		"handed out before": func(_ *Service, j *job) { j.repeated = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			e := newEndpoint(t, nil)
			sub := h.wish(t, e.URL)
			h.fresh(t, sub, 1)
			s := h.dispatcher(t)
			t.Cleanup(s.poster.close)
			l := s.newLane(bus.LaneFresh, 8)
			j := h.inHand(t, l)
			if a, _ := l.enter(&j, s.now()); a != gate.Go || j.again || j.repeated {
				t.Fatalf("it is not let in: %v, again %t, repeated %t", a, j.again, j.repeated)
			}
			h.redis.Succeeded(t.Context(), delivery.DedupKey(j.Delivery), sub)
			waited(s, &j)
			l.work(t.Context(), j)
			h.settled(t)
			if r := h.attempts(t, 1)[0]; r.GetReason() != string(ReasonAgain) || r.GetOutcome() != posthastev1.Outcome_OUTCOME_DELIVERED {
				t.Errorf("the record is %v", r)
			}
			if n := e.count(); n != 0 || !j.target.gate.Idle() || l.doubtful.Load() != 0 {
				t.Errorf("%d POSTs; the gate is idle: %t; %d hold a doubtful place", n, j.target.gate.Idle(), l.doubtful.Load())
			}
		})
	}
}

// A message that was given back says so when it comes again.
func TestRepeated(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fresh(t, h.wish(t, newEndpoint(t, nil).URL), 1)
	l := h.dispatcher(t).newLane(bus.LaneFresh, 8)
	first := h.inHand(t, l)
	l.putBack(first)
	if second := h.inHand(t, l); first.repeated || !second.repeated {
		t.Errorf("the first is repeated: %t, the second: %t", first.repeated, second.repeated)
	}
}

// In a cluster, what comes for the second time may be in another's hands. It is
// not sent before that had time to end, and not lost.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, nil)
	h.fresh(t, h.wish(t, e.URL), 1)
	s := h.dispatcher(t)
	t.Cleanup(s.poster.close)
	s.replicated = true
	l := s.newLane(bus.LaneFresh, 8)
	l.putBack(h.inHand(t, l))
	second := h.inHand(t, l)
	if l.plain(second, s.now()) != nil {
		t.Error("it goes on to its gate")
	}
	second.target = nil
	l.work(t.Context(), second)
	if e.count() != 0 {
		t.Error("it was sent at once")
	}
	third := h.inHand(t, l)
	if third.elsewhere {
		t.Error("it waits again")
	}
	third.target = nil
	l.work(t.Context(), third)
	if h.settled(t); e.count() != 1 {
		t.Errorf("%d POSTs, want 1", e.count())
	}
}

// inHand takes the delivery that waits, and looks it up, as a lane does.
func (h *house) inHand(t *testing.T, l *lane) job {
	t.Helper()
	consumer, err := h.bus.JS.Consumer(t.Context(), bus.StreamDeliveries, string(bus.LaneFresh))
	if err != nil {
		t.Fatal(err)
	}
	msg, err := consumer.Next()
	if err != nil {
		t.Fatal(err)
	}
	batch := l.take(nil, msg)
	l.lookUp(t.Context(), batch)
	j := batch[0]
	if j.target, err = l.find(t.Context(), "t", j.GetSubscriptionId()); err != nil {
		t.Fatal(err)
	}
	return j
}

// change changes the subscription and returns when dispatchers know.
func (h *house) change(t *testing.T, sub string, change func(*posthastev1.Subscription)) {
	t.Helper()
	stored, err := h.live.Store.UpdateOpened(t.Context(), "t", sub, time.Now(), func(pb *posthastev1.Subscription) (bool, error) {
		change(pb)
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.live.Watcher.Await(t.Context(), stored.Revision); err != nil {
		t.Fatal(err)
	}
}
