package client_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/posthaste/posthaste/pkg/client"
)

// failing answers the first calls with fail, and the others with 202 and an
// event. It keeps the idempotency keys and the bodies.
type failing struct {
	fail  func(http.ResponseWriter, *http.Request)
	times int32

	calls atomic.Int32
	keys  chan string
}

func newFailing(times int32, fail http.HandlerFunc) *failing {
	return &failing{fail: fail, times: times, keys: make(chan string, 100)}
}

func (f *failing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.keys <- r.Header.Get("Idempotency-Key")
	if f.calls.Add(1) <= f.times {
		f.fail(w, r)
		return
	}
	answer(202, `{"data":[{"id":"e1","duplicate":false}]}`)(w, r)
}

func hangUp(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]http.HandlerFunc{
		"429": answer(429, `{"error":{"code":"rate_limited","message":"m"}}`), "503": answer(503, ""), "a lost answer": hangUp,
		"409 while the call before is still being done": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "1")
			answer(409, `{"error":{"code":"conflict","message":"m"}}`)(w, r)
		},
		"half an answer": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			answer(202, `{"data"`)(w, r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFailing(2, fail)
			c := serve(t, f.ServeHTTP)
			if sent, _, err := c.Events.Send(t.Context(), client.NewEvent{Type: "a"}); err != nil || sent.ID != "e1" {
				t.Fatal(sent, err)
			}
			first := <-f.keys
			if second, third := <-f.keys, <-f.keys; first == "" || second != first || third != first {
				t.Errorf("keys %q %q %q", first, second, third)
			}
		})
	}
}

func TestKeysDiffer(t *testing.T) {
	t.Parallel()
	f := newFailing(0, nil)
	c := serve(t, f.ServeHTTP)
	for range 2 {
		if _, _, err := c.Events.Send(t.Context(), client.NewEvent{Type: "a"}); err != nil {
			t.Fatal(err)
		}
	}
	if first, second := <-f.keys, <-f.keys; first == second {
		t.Errorf("two calls have the key %q", first)
	}
}

func TestNotRetried(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 401, 403, 404, 408, 409, 410, 422, 500, 501, 502, 504} {
		f := newFailing(1, answer(status, ""))
		c := serve(t, f.ServeHTTP)
		var e *client.Error
		if _, _, err := c.Events.Send(t.Context(), client.NewEvent{Type: "a"}); !errors.As(err, &e) || e.Status != status || f.calls.Load() != 1 {
			t.Errorf("%d: %v after %d calls", status, err, f.calls.Load())
		}
	}
}

// TestOnce: a test that may have been made is not made again.
func TestOnce(t *testing.T) {
	t.Parallel()
	f := newFailing(1, hangUp)
	c := serve(t, f.ServeHTTP)
	if _, err := c.EventSubscriptions.Test(t.Context(), "evsub_1"); err == nil || f.calls.Load() != 1 {
		t.Errorf("%v after %d calls", err, f.calls.Load())
	}
	f = newFailing(1, answer(503, ""))
	c = serve(t, f.ServeHTTP)
	if _, err := c.TestWebhook(t.Context()); err != nil || f.calls.Load() != 2 {
		t.Errorf("%v after %d calls", err, f.calls.Load())
	}
}

func TestRetryOff(t *testing.T) {
	t.Parallel()
	f := newFailing(1, answer(503, ""))
	c := serve(t, f.ServeHTTP, client.WithRetry(0))
	if _, _, err := c.Events.Send(t.Context(), client.NewEvent{Type: "a"}); !errors.Is(err, client.ErrUnavailable) || f.calls.Load() != 1 {
		t.Errorf("%v after %d calls", err, f.calls.Load())
	}
}

// TestRetryAfterIsHonoured: a wait that does not fit ends the call at once.
func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	for _, after := range []string{"3600", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)} {
		f := newFailing(1, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", after)
			answer(429, "")(w, r)
		})
		c := serve(t, f.ServeHTTP)
		_, _, err := c.Events.Send(t.Context(), client.NewEvent{Type: "a"})
		var e *client.Error
		if !errors.As(err, &e) || e.RetryAfter < 59*time.Minute || f.calls.Load() != 1 {
			t.Errorf("%s: %v after %d calls", after, err, f.calls.Load())
		}
	}
}

func TestStoppedWhileWaiting(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "20")
		answer(503, "")(w, r)
		context.AfterFunc(r.Context(), cancel) // when the answer is out
	})
	if _, err := c.Dialects.List(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestNobodyThere: what never arrived is sent again, whatever it is.
func TestNobodyThere(t *testing.T) {
	t.Parallel()
	var dials atomic.Int32
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		if dials.Add(1) <= 2 {
			return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
		}
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}}
	c := serve(t, answer(200, `{"success":true,"status":200,"body":""}`), client.WithHTTPClient(&http.Client{Transport: transport}))
	if result, err := c.TestWebhook(t.Context()); err != nil || !result.Success || dials.Load() != 3 {
		t.Errorf("%v after %d dials", err, dials.Load())
	}
}

// TestSlowAnswer: an attempt that takes too long is made again.
func TestSlowAnswer(t *testing.T) {
	t.Parallel()
	f := newFailing(1, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the server notices that the client has gone
		<-r.Context().Done()
	})
	c := serve(t, f.ServeHTTP, client.WithHTTPClient(&http.Client{Timeout: time.Second}))
	if _, _, err := c.Events.Send(t.Context(), client.NewEvent{Type: "a"}); err != nil || f.calls.Load() != 2 {
		t.Errorf("%v after %d calls", err, f.calls.Load())
	}
}

// TestUntrusted: a certificate that is refused is refused at once.
func TestUntrusted(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(answer(200, `{}`))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	connections := atomic.Int32{}
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.StartTLS()
	defer server.Close()
	c := clientFor(t, server.URL)
	if _, err := c.Dialects.List(t.Context()); err == nil || connections.Load() != 1 {
		t.Errorf("%v after %d connections", err, connections.Load())
	}
}
