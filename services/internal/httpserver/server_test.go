package httpserver

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

// serve runs a server and returns how to stop it and its end.
func serve(t *testing.T, handler http.Handler, grace time.Duration) (url string, stop func(), ended <-chan error) {
	t.Helper()
	s, err := New("127.0.0.1:0", Defaults(), handler, grace, quiet)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- s.Serve(ctx) }()
	t.Cleanup(cancel)
	return "http://" + s.Addr(), cancel, result
}

type answer struct {
	status int
	body   string
	err    error
}

// get asks on a connection of its own.
func get(url string) answer {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Get(url)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, string(body), err}
}

func TestServeEndsGracefully(t *testing.T) {
	t.Parallel()
	inside, goOn := make(chan struct{}), make(chan struct{})
	url, stop, ended := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(inside)
		<-goOn
		_, _ = io.WriteString(w, "done "+r.URL.Path)
	}), time.Minute)
	got := make(chan answer, 1)
	go func() { got <- get(url + "/x") }()
	<-inside
	stop()
	refuses(t, url)
	select {
	case err := <-ended:
		t.Fatalf("ended while a request was under way: %v", err)
	default:
	}
	close(goOn)
	if a := <-got; a.body != "done /x" || a.err != nil {
		t.Errorf("the request under way got %+v", a)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// refuses waits until nothing listens any more.
func refuses(t *testing.T, url string) {
	t.Helper()
	var dialer net.Dialer
	for range 2000 {
		conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			return
		}
		_ = conn.Close()
	}
	t.Fatal("the server still listens")
}

func TestServeEndsWithTheGrace(t *testing.T) {
	t.Parallel()
	inside, left := make(chan struct{}), make(chan struct{})
	url, stop, ended := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(inside)
		<-r.Context().Done() // only the closed connection ends it
		close(left)
	}), 20*time.Millisecond)
	got := make(chan answer, 1)
	go func() { got <- get(url) }()
	<-inside
	stop()
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
	if a := <-got; a.err == nil {
		t.Errorf("the request outlived the grace: %+v", a)
	}
	<-left
}

func TestNewAndCloseErrors(t *testing.T) {
	t.Parallel()
	s, err := New("127.0.0.1:0", Defaults(), http.NotFoundHandler(), time.Second, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(s.Addr(), Defaults(), http.NotFoundHandler(), time.Second, quiet); err == nil ||
		!strings.HasPrefix(err.Error(), "listen on "+s.Addr()+": ") || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("a port in use: %v", err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Errorf("close twice: %v", err)
	}
	if err := s.Serve(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "serve 127.0.0.1:") {
		t.Errorf("serve after close: %v", err)
	}
}
