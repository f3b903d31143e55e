package dispatcher

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/posthaste/posthaste/pkg/webhook"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// A subscription's timeout ends its POSTs, within what the operator allows.
func TestOwnTimeout(t *testing.T) {
	t.Parallel()
	for asked, allowed := range map[time.Duration]time.Duration{
		100 * time.Millisecond: 30 * time.Second,
		time.Hour:              200 * time.Millisecond,
	} {
		h := newHouse(t)
		h.retries.RequestTimeout = allowed
		h.start(t)
		e := newEndpoint(t, func(_ http.ResponseWriter, r *http.Request, _ int) { <-r.Context().Done() })
		h.publish(t, made(h.wish(t, e.URL, func(s *posthastev1.Subscription) { s.Timeout = durationpb.New(asked) }), test))
		want := "no complete answer within " + min(asked, allowed).String()
		if r := h.attempts(t, 1)[0]; r.GetReason() != string(ReasonTimeout) || !strings.HasPrefix(r.GetError(), want) {
			t.Errorf("asked for %s: recorded as %s, %q; want %q", asked, r.GetReason(), r.GetError(), want)
		}
	}
}

// A subscription's own headers and content type are in every POST; records
// show the names.
func TestOwnHeaders(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, failsUntil(2))
	h.start(t)
	d := made(h.wish(t, e.URL, speaks("aicity"), func(s *posthastev1.Subscription) {
		s.ContentType = "application/cloudevents+json"
		s.Headers = map[string]string{
			"authorization": "Bearer mine", "x-Api-KEY": "key",
			// The dialect has come to write these since.
			"x-city-event": "other", "WEBHOOK-ID": "other",
		}
	}), func(d *posthastev1.Delivery) { d.Event.Time.Nanos = 0 })
	h.publish(t, d)
	records := h.attempts(t, 2)
	for i, p := range e.posts() {
		if p.Header.Get("Authorization") != "Bearer mine" || p.Header.Get("X-Api-Key") != "key" || p.Header.Get("Content-Type") != "application/cloudevents+json" {
			t.Errorf("attempt %d has the header %v", i+1, p.Header)
		}
		if got := p.Header.Values("X-City-Event"); len(got) != 1 || got[0] != "task.done" {
			t.Errorf("attempt %d has X-City-Event %q", i+1, got)
		}
		want := "Authorization: [secret]\nContent-Type: application/cloudevents+json\nUser-Agent: " + p.UserAgent() + "\nX-Api-Key: [secret]\n" +
			"X-City-Delivery: " + d.GetId() + "\nX-City-Event: task.done\nX-City-Signature: [secret]\nX-City-Timestamp: " + p.Header.Get("X-City-Timestamp") + "\n" +
			"webhook-id: " + d.GetId() + "\nwebhook-signature: [secret]\nwebhook-timestamp: " + p.Header.Get(webhook.HeaderTimestamp) + "\n"
		if diff := cmp.Diff(want, string(records[i].GetRequestHeader())); diff != "" {
			t.Errorf("attempt %d is recorded with %s", i+1, diff)
		}
	}
	h.settled(t)
}

func TestOwnDisableRule(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.retries.DisableAfter = 3
	h.retries.RetryDelays = []string{"10ms"}
	h.start(t)
	for after, want := range map[uint32]string{0: "", 1: subscription.DisabledConsecutiveFailures} {
		sub := h.wish(t, newEndpoint(t, status(http.StatusNotFound)).URL, func(s *posthastev1.Subscription) { s.DisableAfter = proto.Uint32(after) })
		for range 4 * (1 - after) {
			h.fresh(t, sub, 1)
		}
		h.fresh(t, sub, 1)
		h.settled(t)
		h.is(t, sub, want)
	}
}

func TestUnknownDialect(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start(t)
	h.fresh(t, h.wish(t, "http://127.0.0.1:1", speaks("klingon")), 1)
	r := h.attempts(t, 1)[0]
	if r.GetOutcome() != posthastev1.Outcome_OUTCOME_FAILED || r.GetReason() != string(ReasonUnusableSubject) || !strings.Contains(r.GetError(), `"klingon" is not known`) {
		t.Errorf("recorded as %v", r)
	}
	h.settled(t)
}

// What ends a delivery and what disables a subscription, dialect by dialect.
func TestRulesOfDialects(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start(t)
	for name, c := range map[string]struct {
		dialect  string
		status   int
		posts    int
		disabled string
	}{
		"A: any other status is terminal": {"agentrail", http.StatusNotFound, 1, ""},
		"A: so is 429":                    {"agentrail", http.StatusTooManyRequests, 1, ""},
		"A: 410 disables":                 {"agentrail", http.StatusGone, 1, subscription.DisabledGone},
		"A: 5xx is tried again":           {"agentrail", http.StatusBadGateway, 3, ""},
		"N5: one exhausted delivery":      {"neiracore", http.StatusNotFound, 3, subscription.DisabledConsecutiveFailures},
		"C9: 410 is tried again":          {"aicity", http.StatusGone, 3, ""},
	} {
		e := newEndpoint(t, status(c.status))
		sub := h.wish(t, e.URL, speaks(c.dialect), delays(50*time.Millisecond, 50*time.Millisecond))
		h.fresh(t, sub, 1)
		testbed.Eventually(t, name, func() bool { return e.count() == c.posts })
		h.settled(t)
		if e.count() != c.posts {
			t.Errorf("%s: %d POSTs, want %d", name, e.count(), c.posts)
		}
		h.is(t, sub, c.disabled)
	}
}

// N5: a webhook is paused by the first delivery that fails for good, and its
// owner told once; nothing needs Redis for that.
func TestNeiracorePauses(t *testing.T) {
	t.Parallel()
	for name, redis := range map[string]bool{"with Redis": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			if !redis {
				if err := h.redis.Close(); err != nil {
					t.Fatal(err)
				}
			}
			e := newEndpoint(t, status(http.StatusNotFound))
			sub := h.wish(t, e.URL, speaks("neiracore"), delays(50*time.Millisecond))
			h.start(t)
			h.start(t)
			h.fresh(t, sub, 10)
			h.settled(t)
			h.is(t, sub, subscription.DisabledConsecutiveFailures)
			if told := h.told(t); told.GetType() != event.TypeDisabled {
				t.Errorf("the owner is told %v", told)
			}
			h.fresh(t, sub, 1)
			h.settled(t)
			records := h.attempts(t, h.count(t, bus.StreamAttempts))
			if r := records[len(records)-1]; r.GetReason() != string(ReasonDisabled) {
				t.Errorf("afterwards recorded as %v", r)
			}
			h.told(t)
		})
	}
}
