package dispatcher

import (
	"net/http"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/redisstore"
	"github.com/posthaste/posthaste/services/internal/settings"
)

// Two dispatchers hold a subscription to one rate together, and putting off
// raises no attempt. A neighbour without a rate is not held up.
func TestRate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start(t)
	h.start(t)
	e, free := newEndpoint(t, nil), newEndpoint(t, nil)
	limited := h.wish(t, e.URL, func(s *posthastev1.Subscription) {
		s.RateLimit = &posthastev1.RateLimit{Deliveries: 20, Per: durationpb.New(time.Second)}
	})
	const many = 30
	h.fresh(t, limited, many)
	h.fresh(t, h.wish(t, free.URL), many)
	for _, r := range h.attempts(t, 2*many) {
		if r.GetNumber() != 1 || r.GetOutcome() != posthastev1.Outcome_OUTCOME_DELIVERED {
			t.Errorf("recorded as %v", r)
		}
	}
	h.settled(t)
	came := e.posts()
	// 20 a second and two at once; the first is at no time at all.
	if took, least := came[many-1].at.Sub(came[0].at), time.Duration(many-3)*time.Second/20; took < least {
		t.Errorf("%d came within %s, want no less than %s", many, took, least)
	}
	seen := map[string]bool{}
	for _, p := range came {
		if id := p.Header.Get("webhook-id"); seen[id] {
			t.Errorf("%s came twice", id)
		} else {
			seen[id] = true
		}
	}
}

// While Redis is away deliveries with a rate go on.
func TestRateWithoutRedis(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	cfg := settings.Defaults[redisstore.Config]()
	cfg.RedisURL, cfg.RedisTimeout = "redis://127.0.0.1:1/0", 20*time.Millisecond
	var err error
	if h.deps.Redis, err = redisstore.New(cfg, h.deps.Log); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.deps.Redis.Close() })
	h.start(t)
	e := newEndpoint(t, status(http.StatusOK))
	h.fresh(t, h.wish(t, e.URL, func(s *posthastev1.Subscription) {
		s.RateLimit = &posthastev1.RateLimit{Deliveries: 50, Per: durationpb.New(time.Second)}
	}), 10)
	h.settled(t)
	if e.count() != 10 {
		t.Errorf("%d POSTs of 10 deliveries", e.count())
	}
}
