package dispatcher

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/posthaste/posthaste/pkg/webhook"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/version"
)

func TestDelivers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, func(w http.ResponseWriter, _ *http.Request, _ int) { _, _ = w.Write([]byte("thanks")) })
	h.start(t)
	id := h.fresh(t, h.wish(t, e.URL+"/hook?a=b"), 1)[0]
	r := h.attempts(t, 1)[0]
	p := e.posts()[0]
	if p.Method != http.MethodPost || p.URL.RequestURI() != "/hook?a=b" || p.UserAgent() != version.UserAgent() || p.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %s %v", p.Method, p.URL, p.Header)
	}
	if !strings.HasSuffix(p.body, `"data":{"b": 1.50, "a":"\u00e9"}}`) || p.Header.Get(webhook.HeaderID) != id {
		t.Errorf("POST %s %v", p.body, p.Header)
	}
	verify(t, p)
	if r.GetOutcome() != posthastev1.Outcome_OUTCOME_DELIVERED || r.GetNumber() != 1 || r.GetStatus() != 200 || string(r.GetAnswer()) != "thanks" ||
		r.GetDeliveryId() != id || r.GetReason() != string(ReasonDelivered) || r.GetLatency().AsDuration() <= 0 || r.GetNextAt() != nil {
		t.Errorf("recorded as %v", r)
	}
	if !h.redis.Delivered(t.Context(), []string{delivery.DedupKey(&posthastev1.Delivery{Id: id})})[0] {
		t.Error("the delivery is not remembered")
	}
	h.settled(t)
}

func verify(t *testing.T, p posted) {
	t.Helper()
	s, err := webhook.ParseSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	v, err := webhook.NewVerifier([]webhook.Secret{s})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Verify(p.Header, []byte(p.body)); err != nil {
		t.Errorf("the signature is refused: %v", err)
	}
}

// Attempts follow the subscription's schedule, to the millisecond's order, and
// each has the same body.
func TestSchedule(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n < 4 {
			w.WriteHeader(http.StatusNotFound)
		}
	})
	h.start(t)
	waits := []time.Duration{100 * time.Millisecond, 250 * time.Millisecond, 700 * time.Millisecond}
	h.fresh(t, h.wish(t, e.URL, delays(waits...)), 1)
	records := h.attempts(t, 4)
	posts := e.posts()
	for i, r := range records {
		if r.GetNumber() != uint32(i+1) {
			t.Errorf("record %d is of attempt %d", i, r.GetNumber())
		}
		if posts[i].body != posts[0].body {
			t.Errorf("attempt %d POSTs another body", i+1)
		}
		verify(t, posts[i])
		if i == 3 {
			break
		}
		if r.GetOutcome() != posthastev1.Outcome_OUTCOME_UNSPECIFIED || r.GetNextAt() == nil {
			t.Errorf("attempt %d is recorded as %v", i+1, r)
		}
		if gap := posts[i+1].at.Sub(posts[i].at); gap < waits[i]-tolerance || gap > waits[i]+3*time.Second {
			t.Errorf("attempt %d comes after %s, want %s", i+2, gap, waits[i])
		}
	}
	if records[3].GetOutcome() != posthastev1.Outcome_OUTCOME_DELIVERED {
		t.Errorf("ended as %v", records[3])
	}
	h.settled(t)
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.retries.MaxRetryAfter = 1500 * time.Millisecond
	h.start(t)
	for after, want := range map[string]time.Duration{"1": time.Second, "3600": h.retries.MaxRetryAfter, "0": 100 * time.Millisecond} {
		e := newEndpoint(t, func(w http.ResponseWriter, _ *http.Request, n int) {
			if n == 1 {
				w.Header().Set("Retry-After", after)
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		})
		h.fresh(t, h.wish(t, e.URL), 1)
		testbed.Eventually(t, "the second attempt", func() bool { return e.count() == 2 })
		if gap := e.posts()[1].at.Sub(e.posts()[0].at); gap < want-tolerance || gap > want+900*time.Millisecond {
			t.Errorf("Retry-After %s: the next comes after %s, want %s", after, gap, want)
		}
	}
	h.settled(t)
}

// The dedup key is set before the record is there, and the ack comes last:
// the delivery stays while its record cannot be stored.
func TestOrderOfActs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	limit := h.limit(t, bus.StreamAttempts)
	limit(1)
	if err := h.bus.NewPublisher(1, 1).Publish(t.Context(), []bus.Msg{{Subject: "attempts.t.filler", ID: "filler"}}); err != nil {
		t.Fatal(err)
	}
	e := newEndpoint(t, nil)
	h.start(t)
	id := h.fresh(t, h.wish(t, e.URL), 1)[0]
	testbed.Eventually(t, "the dedup key", func() bool {
		return h.redis.Delivered(t.Context(), []string{delivery.DedupKey(&posthastev1.Delivery{Id: id})})[0]
	})
	if n := h.count(t, bus.StreamDeliveries); n != 1 || e.count() != 1 {
		t.Errorf("%d deliveries are left after %d POSTs, want 1 and 1", n, e.count())
	}
	limit(-1)
	h.settled(t)
	if n := h.count(t, bus.StreamAttempts); n != 2 || e.count() != 1 {
		t.Errorf("%d records after %d POSTs, want the filler's and one", n, e.count())
	}
}

// limit makes a stream refuse what is over.
func (h *house) limit(t *testing.T, stream string) func(most int64) {
	t.Helper()
	return func(most int64) {
		s, err := h.bus.JS.Stream(t.Context(), stream)
		if err != nil {
			t.Fatal(err)
		}
		cfg := s.CachedInfo().Config
		cfg.MaxMsgs, cfg.Discard = most, 1 // refuse what is new
		if _, err := h.bus.JS.UpdateStream(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDeliveredBefore(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, nil)
	sub := h.wish(t, e.URL)
	id := h.fresh(t, sub, 1)[0]
	h.redis.Succeeded(t.Context(), delivery.DedupKey(&posthastev1.Delivery{Id: id}), sub)
	h.start(t)
	r := h.attempts(t, 1)[0]
	if r.GetOutcome() != posthastev1.Outcome_OUTCOME_DELIVERED || r.GetReason() != string(ReasonAgain) || e.count() != 0 {
		t.Errorf("recorded as %v after %d POSTs", r, e.count())
	}
	h.settled(t)
}

// Deliveries that wait for a place longer than AckWait are handed out again,
// and are POSTed once all the same.
func TestCrowded(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(cfg *bus.Config) { cfg.AckWait = time.Second })
	h.cfg.MaxInFlight = 16
	var endpoints []*endpoint
	h.start(t)
	const each = 3
	for range 8 {
		e := newEndpoint(t, func(w http.ResponseWriter, r *http.Request, _ int) {
			select { // an endpoint that takes its time
			case <-time.After(500 * time.Millisecond):
			case <-r.Context().Done():
			}
			w.WriteHeader(http.StatusNoContent)
		})
		endpoints = append(endpoints, e)
		h.fresh(t, h.wish(t, e.URL), each)
	}
	h.attempts(t, len(endpoints)*each)
	h.settled(t)
	for i, e := range endpoints {
		if e.count() != each {
			t.Errorf("endpoint %d got %d POSTs of %d deliveries", i, e.count(), each)
		}
	}
}

func TestRemoved(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start(t)
	h.fresh(t, "evsub_gone", 1)
	if r := h.attempts(t, 1)[0]; r.GetOutcome() != posthastev1.Outcome_OUTCOME_CANCELLED || r.GetReason() != string(ReasonRemoved) {
		t.Errorf("recorded as %v", r)
	}
	h.settled(t)
}

// Where copies of the bucket may lag, a subscription that is not found is
// looked for again before the delivery is dropped.
func TestLookedForAgainWhereCopiesMayLag(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, nil)
	h.start(t, func(s *Service) { s.replicated = true })
	id := subscription.NewID(time.Now())
	h.fresh(t, id, 1)
	testbed.Eventually(t, "the delivery waits", func() bool { return h.count(t, bus.StreamDelays) == 1 })
	h.wish(t, e.URL, func(s *posthastev1.Subscription) { s.Id = id })
	if r := h.attempts(t, 1)[0]; r.GetOutcome() != posthastev1.Outcome_OUTCOME_DELIVERED || r.GetNumber() != 1 {
		t.Errorf("recorded as %v", r)
	}
	h.settled(t)
}

func TestDisabled(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, nil)
	sub := h.wish(t, e.URL, func(s *posthastev1.Subscription) {
		s.Status = posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_DISABLED
		s.DisabledReason, s.DisabledAt = subscription.DisabledRequested, timestamppb.Now()
	})
	h.start(t)
	h.fresh(t, sub, 1)
	if r := h.attempts(t, 1)[0]; r.GetOutcome() != posthastev1.Outcome_OUTCOME_CANCELLED || r.GetReason() != string(ReasonDisabled) || e.count() != 0 {
		t.Errorf("recorded as %v after %d POSTs", r, e.count())
	}
	if n := h.count(t, bus.StreamEvents); n != 0 {
		t.Errorf("%d events tell of what the owner has asked for", n)
	}
	h.settled(t)
}

// What the index does not hold yet is asked of the bucket.
func TestIndexBehindTheBucket(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, nil)
	sub := h.wish(t, e.URL)
	h.deps.Index = subscription.NewIndex()
	h.start(t)
	h.fresh(t, sub, 2)
	testbed.Eventually(t, "the POSTs", func() bool { return e.count() == 2 })
	h.settled(t)
}

// A subscription that was enabled a moment ago is not dropped for an index
// that lags.
func TestEnabledAMomentAgo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, nil)
	sub := h.wish(t, e.URL, func(s *posthastev1.Subscription) {
		s.Status = posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_DISABLED
	})
	h.deps.Index = lagging(t, h)
	_, err := h.live.Store.Update(t.Context(), "t", sub, time.Now(), func(s *posthastev1.Subscription) (bool, error) {
		s.Status = posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_ACTIVE
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	h.start(t)
	h.fresh(t, sub, 1)
	testbed.Eventually(t, "the POST", func() bool { return e.count() == 1 })
	h.settled(t)
}

// lagging is the index as it is now; it changes no more.
func lagging(t *testing.T, h *house) *subscription.Index {
	t.Helper()
	index := subscription.NewIndex()
	w := subscription.NewWatcher(h.live.Store, index, h.deps.Log)
	stop := testbed.Running(t, w.Run)
	<-w.Loaded()
	stop()
	return index
}

// A secret stops signing when it expires, though nobody changes the
// subscription then.
func TestSecretExpires(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, nil)
	const other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
	expires := time.Now().Add(2 * time.Second)
	sub := h.wish(t, e.URL, func(s *posthastev1.Subscription) {
		s.Secrets = append(s.Secrets, &posthastev1.Secret{Value: other, ExpiresAt: timestamppb.New(expires)})
	})
	h.start(t)
	h.fresh(t, sub, 1)
	testbed.Eventually(t, "the POST", func() bool { return e.count() == 1 })
	if got := signatures(e.posts()[0]); got != 2 {
		t.Errorf("%d signatures, want 2", got)
	}
	<-time.After(time.Until(expires))
	h.fresh(t, sub, 1)
	testbed.Eventually(t, "the second POST", func() bool { return e.count() == 2 })
	if got := signatures(e.posts()[1]); got != 1 {
		t.Errorf("%d signatures after one secret has expired, want 1", got)
	}
}

func TestUnusable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start(t)
	for _, sub := range []string{
		h.wish(t, "ftp://example.com"),
		h.wish(t, "http://127.0.0.1", func(s *posthastev1.Subscription) { s.Secrets = nil }),
		h.wish(t, "http://127.0.0.1", func(s *posthastev1.Subscription) { s.Secrets[0].Value = "no secret" }),
	} {
		h.fresh(t, sub, 1)
	}
	for _, r := range h.attempts(t, 3) {
		if r.GetOutcome() != posthastev1.Outcome_OUTCOME_FAILED || r.GetReason() != string(ReasonUnusableSubject) {
			t.Errorf("recorded as %v", r)
		}
	}
	h.settled(t)
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, nil)
	h.start(t)
	err := h.bus.NewPublisher(1, 1).Publish(t.Context(), []bus.Msg{{Subject: "deliveries.fresh.t.s", ID: "odd", Data: []byte("\xff\xff")}})
	if err != nil {
		t.Fatal(err)
	}
	h.fresh(t, h.wish(t, e.URL), 1)
	h.attempts(t, 1)
	h.settled(t)
}

// A delivery that comes before its time waits again, without an attempt.
func TestEarly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, nil)
	sub := h.wish(t, e.URL)
	at := time.Now().Add(700 * time.Millisecond)
	d := &posthastev1.Delivery{
		Id: "dlv_early", SubscriptionId: sub, Attempt: 2, NotBefore: timestamppb.New(at), CreatedAt: timestamppb.Now(),
		Event: &posthastev1.Event{Id: "e", Tenant: "t", Type: "x", Data: []byte("1"), Time: timestamppb.Now()},
	}
	data, err := delivery.Encode(d)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.bus.NewPublisher(1, 1).Publish(t.Context(), []bus.Msg{{Subject: "deliveries.due.t." + sub, ID: "early", Data: data}}); err != nil {
		t.Fatal(err)
	}
	h.start(t)
	r := h.attempts(t, 1)[0]
	if r.GetNumber() != 2 || e.posts()[0].at.Before(at.Add(-tolerance)) {
		t.Errorf("attempt %d is made %s early", r.GetNumber(), at.Sub(e.posts()[0].at))
	}
	h.settled(t)
}
