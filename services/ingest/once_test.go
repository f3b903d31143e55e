package ingest

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/posthaste/posthaste/services/internal/idempotency"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/sealedtest"
)

// newKeyed is an ingest that honours the Idempotency-Key.
func newKeyed(t *testing.T, changes ...func(*configs)) *harness {
	t.Helper()
	return newHarness(t, append(changes, func(c *configs) {
		c.deps = func(d *Deps) {
			var err error
			if d.Idempotency, err = idempotency.Open(t.Context(), d.Bus, sealedtest.Keys(t)); err != nil {
				t.Fatal(err)
			}
		}
	})...)
}

const idempotencyKey = "order-0001"

// keyed posts with the Idempotency-Key.
func (h *harness) keyed(body string, headers ...string) reply {
	h.t.Helper()
	return h.post(body, append([]string{idempotency.Header, idempotencyKey}, headers...)...)
}

// The second answer is the first, with the ids that ingest made.
func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	h := newKeyed(t)
	const body = `[{"type":"a","data":1},{"type":"a","data":2}]`
	first := h.keyed(body)
	if !regexp.MustCompile(`^\{"data":\[\{"id":"evt_[0-9A-Z]{26}","duplicate":false\},\{"id":"evt_`).MatchString(first.body) || first.status != http.StatusAccepted {
		t.Fatalf("answer %d %s", first.status, first.body)
	}
	if got := first.header.Get(idempotency.HeaderReplayed); got != "" {
		t.Errorf("the first is replayed: %q", got)
	}
	second := h.keyed(body)
	second.want(t, first.status, strings.TrimSuffix(first.body, "\n"))
	if got := second.header.Get(idempotency.HeaderReplayed); got != "true" {
		t.Errorf("%s: %q", idempotency.HeaderReplayed, got)
	}
	h.keyed(`{"type":"a","data":3}`).want(t, http.StatusConflict, `{"error":{"code":"conflict","message":"This Idempotency-Key was used for another request. Send a new key.","details":{}}}`)
	if got := h.count(); got != 2 {
		t.Errorf("%d events are stored, want 2", got)
	}
}

func TestIdempotencyKeyOfRefused(t *testing.T) {
	t.Parallel()
	h := newKeyed(t, func(c *configs) { c.MaxBatchBytes, c.event.MaxEventBytes = 1000, 500 })
	h.keyed(`{"type":"a"}`).want(t, http.StatusBadRequest, invalid("data", "is required; send null where there is none"))
	h.keyed(strings.Repeat(" ", 1001)).want(t, http.StatusRequestEntityTooLarge, `{"error":{"code":"payload_too_large","message":"The body is larger than 1000 bytes.","details":{"limit":1000}}}`)
	h.keyed(`{"type":"a","data":"`+strings.Repeat("x", 500)+`"}`).want(t, http.StatusRequestEntityTooLarge,
		`{"error":{"code":"payload_too_large","message":"The event is larger than 500 bytes (POSTHASTE_MAX_EVENT_BYTES).","details":{"limit":500,"setting":"POSTHASTE_MAX_EVENT_BYTES"}}}`)
	h.keyed(`{"id":"1","type":"a","data":1}`).want(t, http.StatusAccepted, `{"data":[{"id":"1","duplicate":false}]}`)
	h.post(`{"type":"a","data":1}`, idempotency.Header, "short").want(t, http.StatusBadRequest, invalid("Idempotency-Key", "must have 8 to 128 characters, has 5"))
	if got := h.count(); got != 1 {
		t.Errorf("%d events are stored, want 1", got)
	}
}

// Who does not know the API key learns nothing, and leaves nothing.
func TestIdempotencyKeyNeedsTheAPIKey(t *testing.T) {
	t.Parallel()
	h := newKeyed(t)
	const body = `{"id":"1","type":"a","data":1}`
	h.keyed(body).want(t, http.StatusAccepted, `{"data":[{"id":"1","duplicate":false}]}`)
	h.keyed(body, "Authorization", "Bearer wrong").want(t, http.StatusUnauthorized, `{"error":{"code":"unauthorized","message":"The API key is not known.","details":{}}}`)
	// The same API key, written otherwise.
	if r := h.keyed(body, "Authorization", "bearer  "+apiKey); r.header.Get(idempotency.HeaderReplayed) != "true" {
		t.Errorf("answer %d %s", r.status, r.body)
	}
	kv, err := h.bus.JS.KeyValue(t.Context(), "idempotency")
	if err != nil {
		t.Fatal(err)
	}
	lister, err := kv.ListKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for key := range lister.Keys() {
		if !regexp.MustCompile(`^=[0-9a-f]{32}\.[0-9a-f]{64}$`).MatchString(key) {
			t.Errorf("key %s in the bucket", key)
		}
	}
}

func TestIdempotencyKeyAway(t *testing.T) {
	t.Parallel()
	h := newKeyed(t)
	h.nats.Stop()
	testbed.Eventually(t, "the connection is lost", func() bool { return !h.bus.Connected() })
	h.keyed(`{"id":"a","type":"a","data":1}`).want(t, http.StatusServiceUnavailable,
		`{"error":{"code":"unavailable","message":"JetStream does not answer, so the Idempotency-Key cannot be honoured. Send the request again.","details":{}}}`)
	h.post(`{"id":"a","type":"a","data":1}`).wantAway(t, `"a"`) // as ever without it
}

// Repetitions at the same time make one event.
func TestIdempotencyKeyAtOnce(t *testing.T) {
	t.Parallel()
	h := newKeyed(t)
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			testbed.Eventually(t, "the answer", func() bool {
				r := h.keyed(`{"type":"a","data":1}`)
				if r.status != http.StatusAccepted && r.status != http.StatusConflict {
					t.Errorf("answer %d %s", r.status, r.body)
				}
				return r.status == http.StatusAccepted
			})
		})
	}
	all.Wait()
	if got := h.count(); got != 1 {
		t.Errorf("%d events are stored, want 1", got)
	}
}

// Without a store the header is one that ingest does not know.
func TestIdempotencyKeyWithoutStore(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for range 2 {
		if r := h.keyed(`{"type":"a","data":1}`); r.status != http.StatusAccepted || r.header.Get(idempotency.HeaderReplayed) != "" {
			t.Errorf("answer %d %s", r.status, r.body)
		}
	}
	if got := h.count(); got != 2 {
		t.Errorf("%d events are stored, want 2", got)
	}
}
