package idempotency

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/testbed"
)

// counted answers each request with its number and its body.
func counted(calls *atomic.Int32) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Location", "/made")
		w.Header().Set("X-Moment", "not kept")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, "%d %d %s", calls.Add(1), r.ContentLength, body)
	}
}

func (r reply) want(t *testing.T, status int, body string, replayed bool) {
	t.Helper()
	if r.status != status || r.body != body || (r.header.Get(HeaderReplayed) == "true") != replayed {
		t.Errorf("answer %d %s, replayed %q\nwant   %d %s, %t", r.status, r.body, r.header.Get(HeaderReplayed), status, body, replayed)
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var calls atomic.Int32
	a := newAPI(t, w.Store, 100, counted(&calls))
	a.post(key, "/x?a=1", "body").want(t, 201, "1 4 body", false)
	r := a.post(key, "/x?a=1", "body")
	r.want(t, 201, "1 4 body", true)
	if r.header.Get("Content-Type") != "text/plain" || r.header.Get("Location") != "/made" || r.header.Get("X-Moment") != "" {
		t.Errorf("headers %v", r.header)
	}
	const mismatch = `{"error":{"code":"conflict","message":"This Idempotency-Key was used for another request. Send a new key.","details":{}}}` + "\n"
	a.post(key, "/x?a=1", "Body").want(t, 409, mismatch, false)
	a.post(key, "/x?a=2", "body").want(t, 409, mismatch, false)
	a.post(key, "/x?a=1", "body", "Ce-Id", "1").want(t, 409, mismatch, false)
	a.post(key, "/x?a=1", "body", "Traceparent", "1").want(t, 201, "1 4 body", true)
	a.post(key, "/y", "body").want(t, 201, "2 4 body", false)
	a.post(key, "/x?a=1", "body", "Tenant", "acme").want(t, 201, "3 4 body", false)
	a.post(key+"2", "/x?a=1", "body").want(t, 201, "4 4 body", false)
	if log := a.log.String(); log != "" {
		t.Errorf("logged: %s", log)
	}
}

// Without the header, and with other methods, the store is not asked.
func TestStraightThrough(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var calls atomic.Int32
	a := newAPI(t, w.Store, 3, counted(&calls))
	a.do(http.MethodPost, "/x", strings.NewReader("longer")).want(t, 201, "1 6 longer", false)
	a.do(http.MethodPut, "/x", strings.NewReader("longer"), Header, key).want(t, 201, "2 6 longer", false)
	a.do(http.MethodPut, "/x", strings.NewReader("longer"), Header, key).want(t, 201, "3 6 longer", false)
	if n := w.held(t); n != 0 {
		t.Errorf("%d keys are held", n)
	}
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := newAPI(t, w.Store, 3, func(http.ResponseWriter, *http.Request) { t.Error("was done") })
	bad := func(problem string) string {
		return fmt.Sprintf(`{"error":{"code":"validation_error","message":"Idempotency-Key: %s","details":{"fields":[{"field":"Idempotency-Key","message":"%s"}]}}}`+"\n", problem, problem)
	}
	for value, want := range map[string]string{
		"":                       bad("must have 8 to 128 characters, has 0"),
		"1234567":                bad("must have 8 to 128 characters, has 7"),
		strings.Repeat("x", 129): bad("must have 8 to 128 characters, has 129"),
		"12345678é":              bad("must be printable ASCII, is not at character 9"),
		"1234\t5678":             bad("must be printable ASCII, is not at character 5"),
	} {
		a.post(value, "/", "").want(t, 400, want, false)
	}
	a.post(key, "/", "", Header, key+"2").want(t, 400, bad("stands in the request more than once"), false)
	a.post(key, "/", "four").want(t, 413, `{"error":{"code":"payload_too_large","message":"The body is larger than 3 bytes.","details":{"limit":3}}}`+"\n", false)
	if n := w.held(t); n != 0 {
		t.Errorf("%d keys are held", n)
	}
}

// What did not succeed may be tried again, also with another body.
func TestFailuresAreNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status := 0
	a := newAPI(t, w.Store, 100, func(w http.ResponseWriter, _ *http.Request) {
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(status)
		w.WriteHeader(http.StatusOK) // too late
		fmt.Fprint(w, "said")
	})
	if r := a.post(key, "/", "0"); r.status != 0 {
		t.Errorf("answer %d %s of a handler that panicked", r.status, r.body)
	}
	testbed.Eventually(t, "the key is free", func() bool { return w.held(t) == 0 })
	for _, status = range []int{400, 409, 429, 500, 503} {
		for i := range 2 {
			a.post(key, "/", strconv.Itoa(i)).want(t, status, "said", false)
		}
	}
	status = 202
	a.post(key, "/", "body").want(t, 202, "said", false)
	a.post(key, "/", "body").want(t, 202, "said", true)
}

// An answer that is too large to be kept reaches the client whole, once.
func TestLargeAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	part := strings.Repeat("x", maxAnswer/2)
	a := newAPI(t, w.Store, 100, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		for range 3 {
			fmt.Fprint(w, part)
		}
	})
	if r := a.post(key, "/", ""); r.status != 202 || r.body != part+part+part {
		t.Errorf("answer %d of %d bytes", r.status, len(r.body))
	}
	a.post(key, "/", "").want(t, 409, `{"error":{"code":"conflict","message":"The request with this Idempotency-Key was done, but its answer is not kept: it was too large, or showed a secret once.","details":{}}}`+"\n", false)
}

func TestRunning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	entered, leave := make(chan struct{}), make(chan struct{})
	a := newAPI(t, w.Store, 100, func(http.ResponseWriter, *http.Request) { entered <- struct{}{}; <-leave })
	var first sync.WaitGroup
	first.Go(func() { a.post(key, "/", "").want(t, 200, "", false) })
	<-entered
	r := a.post(key, "/", "")
	r.want(t, 409, `{"error":{"code":"conflict","message":"The request with this Idempotency-Key is still being done. Send it again for the answer.","details":{}}}`+"\n", false)
	if r.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", r.header.Get("Retry-After"))
	}
	close(leave)
	first.Wait()
	a.post(key, "/", "").want(t, 200, "", true)
}

// A client that gave up gets the answer when it asks again.
func TestClientGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	entered, leave := make(chan struct{}), make(chan struct{})
	a := newAPI(t, w.Store, 100, func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		<-leave
		if r.Context().Err() != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprint(w, "done")
	})
	var gone <-chan struct{}
	a.saw = func(r *http.Request) { gone = r.Context().Done() }
	ctx, cancel := context.WithCancel(t.Context())
	var first sync.WaitGroup
	first.Go(func() {
		if r := a.doIn(ctx, http.MethodPost, "/", strings.NewReader("x"), Header, key); r.status != 0 {
			t.Errorf("answer %d to a client that had gone", r.status)
		}
	})
	<-entered
	cancel()
	first.Wait()
	<-gone // the server has noticed
	close(leave)
	testbed.Eventually(t, "the answer is kept", func() bool {
		r := a.post(key, "/", "x")
		return r.status == http.StatusOK && r.body == "done" && r.header.Get(HeaderReplayed) == "true"
	})
}

// JetStream goes away while a request is done, and is away before another.
func TestJetStreamAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var calls atomic.Int32
	a := newAPI(t, w.Store, 100, func(rw http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.nats.Stop()
		testbed.Eventually(t, "the connection is lost", func() bool { return !w.bus.Connected() })
		rw.WriteHeader(http.StatusServiceUnavailable)
	})
	a.post(key, "/", "").want(t, 503, "", false)
	const away = `{"error":{"code":"unavailable","message":"JetStream does not answer, so the Idempotency-Key cannot be honoured. Send the request again.","details":{}}}` + "\n"
	r := a.post(key, "/", "")
	r.want(t, 503, away, false)
	if r.header.Get("Retry-After") != "1" || calls.Load() != 1 {
		t.Errorf("Retry-After %q, %d calls", r.header.Get("Retry-After"), calls.Load())
	}
	if log := a.log.String(); !strings.Contains(log, "an idempotency key stays taken for a while") || strings.Contains(log, key) {
		t.Errorf("log: %s", log)
	}
	w.nats.Start(t)
	testbed.Eventually(t, "the connection is back", w.bus.Connected)
	if r := a.post(key, "/", ""); r.status != 409 {
		t.Errorf("answer %d while the key is taken", r.status)
	}
	w.pass(time.Minute)
	a.post(key, "/", "").want(t, 503, "", false) // it is done again
	if calls.Load() != 2 {
		t.Errorf("%d calls, want 2", calls.Load())
	}
}

// A request without the header costs nothing.
func TestStraightThroughAllocatesNothing(t *testing.T) {
	s := &Store{}
	handler := s.Middleware(1, nil, nil)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil)
	if n := testing.AllocsPerRun(100, func() { handler.ServeHTTP(w, r) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}
