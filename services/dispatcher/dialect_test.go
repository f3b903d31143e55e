package dispatcher

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// parse reads a POST as its receiver does, who knows this secret.
func parse(t *testing.T, p posted, scheme webhook.Scheme, known string) (webhook.Delivery, error) {
	t.Helper()
	return receiver(t, scheme, known).Parse(p.Header, []byte(p.body))
}

func verifies(t *testing.T, p posted, scheme webhook.Scheme, known string) error {
	t.Helper()
	return receiver(t, scheme, known).Verify(p.Header, []byte(p.body))
}

func receiver(t *testing.T, scheme webhook.Scheme, known string) *webhook.Verifier {
	t.Helper()
	s, err := webhook.LiteralSecret(known)
	if err != nil {
		t.Fatal(err)
	}
	v, err := webhook.NewVerifier([]webhook.Secret{s}, webhook.WithScheme(scheme))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A1, C15, C16, N2: what each dialect sends its receivers can verify and read,
// at first and again, by its own signature and by the standard one.
func TestEveryDialectIsVerified(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start(t)
	for _, name := range h.deps.Dialects.Names() {
		e := newEndpoint(t, failsUntil(2))
		id := h.fresh(t, h.wish(t, e.URL, speaks(name), delays(50*time.Millisecond)), 1)[0]
		testbed.Eventually(t, name+" is delivered", func() bool { return e.count() == 2 })
		for i, p := range e.posts() {
			got, err := parse(t, p, named(name).Scheme, secret)
			if err != nil || !bytes.Contains(got.Event.Data, []byte(`{"b": 1.50, "a":"\u00e9"}`)) {
				t.Errorf("%s, attempt %d: read as %+v, %v", name, i+1, got, err)
			}
			if named(name).StandardHeaders {
				if err := verifies(t, p, webhook.Standard(), secret); err != nil || p.Header.Get(webhook.HeaderID) != id {
					t.Errorf("%s, attempt %d, id %s: %v", name, i+1, p.Header.Get(webhook.HeaderID), err)
				}
			}
			if p.body != e.posts()[0].body {
				t.Errorf("%s: attempt %d has another body", name, i+1)
			}
		}
	}
	h.settled(t)
}

// failsUntil answers 500 before the nth POST.
func failsUntil(n int) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, now int) {
		if now < n {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}
}

// dialectsOf reads a file with one dialect, "own".
func dialectsOf(t *testing.T, fields ...string) *dialect.Set {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dialects.yaml")
	text := "dialects:\n  - name: own\n    extends: standard\n    " + strings.Join(fields, "\n    ") + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := (&dialect.Config{DialectsFile: path, DefaultDialect: dialect.Standard}).Load()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// The operator changes a dialect while deliveries wait: what was sent first is
// sent again, and a header that shows data does so on each attempt.
func TestFirstBodyWins(t *testing.T) {
	t.Parallel()
	const headers = `headers: {x-task: "${event.data.taskId}"}`
	for name, fields := range map[string][]string{
		"data in the body alone": nil,
		"data in a header":       {headers},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.deps.Dialects = dialectsOf(t, append(fields, `body: '{"v":1,"id":${event.id},"data":${event.data}}'`)...)
			var restarted atomic.Bool
			e := newEndpoint(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
				if !restarted.Load() {
					w.WriteHeader(http.StatusInternalServerError)
				}
			})
			stop := h.start(t)
			sub := h.wish(t, e.URL, speaks("own"), delays(100*time.Millisecond, 100*time.Millisecond, time.Second, time.Second))
			h.publish(t, made(sub))
			testbed.Eventually(t, "two attempts", func() bool { return e.count() >= 2 })
			stop()
			before := e.count()
			h.deps.Dialects = dialectsOf(t, append(fields, `body: '{"v":2,"data":${event.data}}'`)...)
			restarted.Store(true)
			h.start(t)
			h.settled(t)
			posts := e.posts()
			if len(posts) != before+1 {
				t.Fatalf("%d POSTs, want %d", len(posts), before+1)
			}
			for i, p := range posts {
				if p.body != posts[0].body || !strings.HasPrefix(p.body, `{"v":1,`) || len(fields) > 0 && p.Header.Get("X-Task") != "task_1" {
					t.Errorf("attempt %d: %v %s", i+1, p.Header, p.body)
				}
				verify(t, p)
			}
			h.publish(t, made(sub))
			h.settled(t)
			if p := e.posts()[before+1]; p.body != `{"v":2,"data":{"taskId":"task_1"}}` {
				t.Errorf("a new delivery is %s", p.body)
			}
		})
	}
}

// A body that does not fit in a message is made again for each attempt.
func TestBodyTooLargeToCarry(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.deps.Dialects = dialectsOf(t, `body: '{"data":${event.data},"again":${event.data}}'`)
	e := newEndpoint(t, failsUntil(3))
	h.start(t)
	h.publish(t, made(h.wish(t, e.URL, speaks("own"), delays(50*time.Millisecond, 50*time.Millisecond)), func(d *posthastev1.Delivery) {
		d.Event.Data = []byte(`"` + strings.Repeat("x", int(h.bus.MaxPayload())/2) + `"`)
	}))
	records := h.attempts(t, 3)
	if records[2].GetNumber() != 3 || records[2].GetOutcome() != posthastev1.Outcome_OUTCOME_DELIVERED {
		t.Errorf("ended as %v", records[2])
	}
	for i, p := range e.posts() {
		if p.body != e.posts()[0].body || int64(len(p.body)) < h.bus.MaxPayload() {
			t.Errorf("attempt %d has another body, of %d bytes", i+1, len(p.body))
		}
		verify(t, p)
	}
	h.settled(t)
}

// A2: an attempt's id is its own, also in another round.
func TestAttemptIDs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		if r.Header.Get("X-Agentrail-Delivery-Attempt") == "1" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	h.start(t)
	d := made(h.wish(t, e.URL, speaks("agentrail"), delays(50*time.Millisecond)))
	h.publish(t, d)
	h.publish(t, inRound(d, "rdl_1"))
	h.publish(t, inRound(d, "rdl_2"))
	h.attempts(t, 6)
	ids := map[string]bool{}
	for _, p := range e.posts() {
		ids[p.Header.Get("X-Agentrail-Delivery-Id")] = true
		if p.Header.Get(webhook.HeaderID) != d.GetId() {
			t.Errorf("webhook-id %s, want the delivery's %s", p.Header.Get(webhook.HeaderID), d.GetId())
		}
	}
	if len(ids) != 6 {
		t.Errorf("6 attempts have the ids %v", ids)
	}
	h.settled(t)
}
