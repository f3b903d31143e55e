package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posthaste/posthaste/pkg/client"
)

// streamer answers one connection after another, each by the next handler; the
// last one stays.
type streamer struct {
	mu       sync.Mutex
	handlers []http.HandlerFunc
	requests []*http.Request
}

func (s *streamer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r)
	handler := s.handlers[min(len(s.requests), len(s.handlers))-1]
	s.mu.Unlock()
	handler(w, r)
}

// frames is a connection that tells some events and ends.
func frames(ids ...int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "retry: 5\n\n: keepalive\n\n")
		for _, id := range ids {
			fmt.Fprintf(w, "id: c%d\nevent: a\ndata: {\"id\":\"e%d\",\"type\":\"a\",\ndata: \"data\":{\"n\":%d},\"sequence\":%d}\n\n", id, id, id, id)
		}
	}
}

// collect streams until the given number of events came, and returns their ids.
func collect(t *testing.T, c *client.Client, o client.StreamOptions, most int) (ids []string, err error) {
	t.Helper()
	errEnough := errors.New("enough")
	err = c.Events.Stream(t.Context(), o, func(e client.Event) error {
		if ids = append(ids, e.ID+"@"+e.Cursor); len(ids) == most {
			return errEnough
		}
		return nil
	})
	if err == errEnough { //nolint:errorlint // the handler's error comes as it is
		err = nil
	}
	return ids, err
}

func TestStream(t *testing.T) {
	t.Parallel()
	s := &streamer{handlers: []http.HandlerFunc{frames(1, 2, 3)}}
	c := serve(t, s.ServeHTTP, client.WithTenant("acme"), client.WithHTTPClient(&http.Client{Timeout: time.Minute}))
	ids, err := collect(t, c, client.StreamOptions{Types: []string{"a", "b.*"}, Cursor: "c0", Heartbeat: 5 * time.Second}, 3)
	if err != nil || strings.Join(ids, " ") != "e1@c1 e2@c2 e3@c3" {
		t.Error(ids, err)
	}
	r := s.requests[0]
	if want := "/v1/events/stream?cursor=c0&heartbeatSeconds=5&tenant=acme&types=a%2Cb.%2A"; r.URL.RequestURI() != want {
		t.Errorf("%s, want %s", r.URL.RequestURI(), want)
	}
	if r.Header.Get("Accept") != "text/event-stream" || r.Header.Get("Authorization") != "Bearer "+testKey || r.Header.Get("Last-Event-ID") != "" {
		t.Errorf("header %v", r.Header)
	}
}

// TestStreamReconnects: after an end, a cut in the middle of a frame, a refusal
// that passes and a broken answer it goes on after the last event.
func TestStreamReconnects(t *testing.T) {
	t.Parallel()
	s := &streamer{handlers: []http.HandlerFunc{
		frames(1),
		func(w http.ResponseWriter, r *http.Request) {
			frames(2)(w, r)
			_, _ = io.WriteString(w, "id: c3\ndata: {\"id\":\"e3\"")
			_ = http.NewResponseController(w).Flush()
			hangUp(w, r)
		},
		answer(503, ""), answer(502, ""), answer(429, ""), hangUp, frames(3, 4),
	}}
	c := serve(t, s.ServeHTTP)
	var told []string
	ids, err := collect(t, c, client.StreamOptions{Cursor: "c0", OnReconnect: func(cause error, _ time.Duration) { told = append(told, cause.Error()) }}, 4)
	if err != nil || strings.Join(ids, " ") != "e1@c1 e2@c2 e3@c3 e4@c4" {
		t.Error(ids, err)
	}
	var last []string
	for _, r := range s.requests {
		last = append(last, r.Header.Get("Last-Event-ID"))
	}
	if strings.Join(last, " ") != " c1 c2 c2 c2 c2 c2" {
		t.Errorf("Last-Event-ID: %q", last)
	}
	// The transport itself may make the request again that was hung up on.
	if len(told) < 5 || told[0] != "the server ended the stream" {
		t.Errorf("told %q", told)
	}
}

func TestStreamIsRefused(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{
		410: client.ErrCursorExpired, 400: client.ErrValidation, 401: client.ErrUnauthorized, 403: client.ErrForbidden, 404: client.ErrNotFound,
	} {
		s := &streamer{handlers: []http.HandlerFunc{frames(1), answer(status, `{"error":{"code":"x","message":"m"}}`)}}
		ids, err := collect(t, serve(t, s.ServeHTTP), client.StreamOptions{}, 9)
		if !errors.Is(err, want) || len(ids) != 1 || len(s.requests) != 2 || !strings.HasPrefix(err.Error(), "GET /v1/events/stream: ") {
			t.Errorf("%d: %v %v", status, ids, err)
		}
	}
}

func TestStreamWithoutRetry(t *testing.T) {
	t.Parallel()
	s := &streamer{handlers: []http.HandlerFunc{frames(1)}}
	ids, err := collect(t, serve(t, s.ServeHTTP, client.WithRetry(0)), client.StreamOptions{}, 9)
	if err == nil || err.Error() != "GET /v1/events/stream: the server ended the stream" || len(ids) != 1 {
		t.Error(ids, err)
	}
}

func TestStreamOfNonsense(t *testing.T) {
	t.Parallel()
	c := serve(t, answer(200, "id: c1\ndata: <html>\n\n"))
	if _, err := collect(t, c, client.StreamOptions{}, 9); err == nil || !strings.Contains(err.Error(), `decode the event with cursor "c1"`) {
		t.Error(err)
	}
	for _, d := range []time.Duration{-time.Second, time.Millisecond, 1500 * time.Millisecond} {
		if _, err := collect(t, c, client.StreamOptions{Heartbeat: d}, 9); err == nil || err.Error() != "the heartbeat must be whole seconds" {
			t.Errorf("%s: %v", d, err)
		}
	}
}

func TestStreamEndsWithItsContext(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		frames(1)(w, r)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	err := c.Events.Stream(ctx, client.StreamOptions{}, func(client.Event) error {
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestSilence: a connection without heartbeats is given up, and one is made
// that lives.
func TestSilence(t *testing.T) {
	t.Parallel()
	s := &streamer{handlers: []http.HandlerFunc{
		func(w http.ResponseWriter, r *http.Request) {
			frames(1)(w, r)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
		frames(2),
	}}
	var cause error
	o := client.StreamOptions{Heartbeat: time.Second, OnReconnect: func(err error, _ time.Duration) { cause = err }}
	ids, err := collect(t, serve(t, s.ServeHTTP), o, 2)
	if err != nil || strings.Join(ids, " ") != "e1@c1 e2@c2" || !errors.Is(cause, client.ErrSilent) {
		t.Error(ids, err, cause)
	}
}
