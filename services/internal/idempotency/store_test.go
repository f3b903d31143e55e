package idempotency

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/posthaste/posthaste/services/internal/testbed"
)

const (
	op  = "POST /v1/events"
	key = "key-00000001"
)

// begin wants a ticket.
func (w *world) begin(t *testing.T, tenant, operation, key string, sum [32]byte) *Ticket {
	t.Helper()
	ticket, answer, err := w.Begin(t.Context(), tenant, operation, key, sum)
	if err != nil || answer != nil || ticket == nil {
		t.Fatalf("%s %s %s: %v, answer %v; want a ticket", tenant, operation, key, err, answer)
	}
	return ticket
}

// meets wants an error.
func (w *world) meets(t *testing.T, sum [32]byte, want error) {
	t.Helper()
	ticket, answer, err := w.Begin(t.Context(), "acme", op, key, sum)
	if !errors.Is(err, want) || answer != nil || ticket != nil {
		t.Errorf("%v, answer %v, ticket %v; want %v", err, answer, ticket, want)
	}
}

func TestFinished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ticket := w.begin(t, "acme", op, key, [32]byte{1})
	w.meets(t, [32]byte{1}, ErrRunning)
	w.meets(t, [32]byte{2}, ErrMismatch)
	want := Answer{Status: 202, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte("{\"a\":\"\xff\"}")}
	if err := ticket.Finish(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	w.pass(23 * time.Hour)
	for range 2 {
		ticket, got, err := w.Begin(t.Context(), "acme", op, key, [32]byte{1})
		if err != nil || ticket != nil || got == nil {
			t.Fatalf("%v, ticket %v, answer %v", err, ticket, got)
		}
		if diff := cmp.Diff(want, *got); diff != "" {
			t.Error(diff)
		}
	}
	w.meets(t, [32]byte{2}, ErrMismatch)
	// The same key of another tenant, or for another operation, is another.
	w.begin(t, "other", op, key, [32]byte{2})
	w.begin(t, "", op, key, [32]byte{2})
	w.begin(t, "_", op, key, [32]byte{2})
	w.begin(t, "acme", "POST /v1/subscriptions", key, [32]byte{2})
	w.begin(t, "acme", op, key+"x", [32]byte{2})
}

func TestAbandoned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range byte(3) {
		ticket := w.begin(t, "acme", op, key, [32]byte{i})
		if err := ticket.Abandon(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.held(t); n != 0 {
		t.Errorf("%d keys are left", n)
	}
}

// A request whose process died leaves its key for a minute, to whatever comes.
func TestStale(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dead := w.begin(t, "acme", op, key, [32]byte{1})
	w.pass(StaleAfter - time.Nanosecond)
	w.meets(t, [32]byte{1}, ErrRunning)
	w.pass(time.Nanosecond)
	heir := w.begin(t, "acme", op, key, [32]byte{2})
	w.meets(t, [32]byte{1}, ErrMismatch)
	// It was slow rather than dead: nothing that it does harms the heir.
	if err := dead.Finish(t.Context(), Answer{Status: 200}); err == nil {
		t.Error("kept the answer of a request that had lost its key")
	}
	if err := dead.Abandon(t.Context()); err != nil {
		t.Error(err)
	}
	w.meets(t, [32]byte{2}, ErrRunning)
	if err := heir.Finish(t.Context(), Answer{Status: 201}); err != nil {
		t.Fatal(err)
	}
	if _, answer, err := w.Begin(t.Context(), "acme", op, key, [32]byte{2}); err != nil || answer == nil || answer.Status != 201 {
		t.Errorf("answer %v, %v", answer, err)
	}
}

// Of many at once one is done, when a key is new and when it is stale.
func TestOneOfMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 3 {
		var tickets, running atomic.Int32
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				ticket, _, err := w.Begin(t.Context(), "acme", op, key, [32]byte{1})
				switch {
				case errors.Is(err, ErrRunning):
					running.Add(1)
				case err == nil && ticket != nil:
					tickets.Add(1)
				default:
					t.Errorf("%v, %v", ticket, err)
				}
			})
		}
		all.Wait()
		if tickets.Load() != 1 || running.Load() != 15 {
			t.Errorf("%d tickets and %d running, want 1 and 15", tickets.Load(), running.Load())
		}
		w.pass(StaleAfter)
	}
}

func TestTooLargeToKeep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if w.maxBody != maxAnswer {
		t.Errorf("answers of %d bytes are kept, want %d", w.maxBody, maxAnswer)
	}
	largest := strings.Repeat("x", maxAnswer)
	if err := w.begin(t, "acme", op, "largest!", [32]byte{1}).Finish(t.Context(), Answer{Status: 200, Body: []byte(largest)}); err != nil {
		t.Error(err)
	}
	if _, answer, err := w.Begin(t.Context(), "acme", op, "largest!", [32]byte{1}); err != nil || len(answer.Body) != maxAnswer {
		t.Errorf("the largest is not kept: %v", err)
	}
	if err := w.begin(t, "acme", op, key, [32]byte{1}).Finish(t.Context(), Answer{Status: 200, Body: []byte(largest + "x")}); err != nil {
		t.Error(err)
	}
	w.meets(t, [32]byte{1}, ErrNotKept)
	w.meets(t, [32]byte{2}, ErrMismatch)
	w.pass(2 * StaleAfter)
	w.meets(t, [32]byte{1}, ErrNotKept)
}

func TestAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ticket := w.begin(t, "acme", op, key, [32]byte{1})
	w.nats.Stop()
	testbed.Eventually(t, "the connection is lost", func() bool { return !w.bus.Connected() })
	w.meets(t, [32]byte{1}, errAway)
	if err := ticket.Abandon(t.Context()); !errors.Is(err, errAway) {
		t.Errorf("%v", err)
	}
}

func TestUnreadableRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(t, bucketKey("acme", op, key), "not JSON")
	if ticket, answer, err := w.Begin(t.Context(), "acme", op, key, [32]byte{1}); err == nil || !strings.Contains(err.Error(), "decode the state of a request") {
		t.Errorf("%v %v %v", ticket, answer, err)
	}
}

func TestBucketGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.bus.JS.DeleteKeyValue(t.Context(), "idempotency"); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.Begin(t.Context(), "acme", op, key, [32]byte{1})
	if err == nil || !strings.HasPrefix(err.Error(), "take an idempotency key: ") {
		t.Errorf("%v", err)
	}
	if _, err := Open(t.Context(), w.bus, nil); err == nil || !strings.HasPrefix(err.Error(), "open bucket idempotency: ") {
		t.Errorf("%v", err)
	}
}
