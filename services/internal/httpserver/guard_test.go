package httpserver

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// serveAs is serve with other limits; it returns the address.
func serveAs(t *testing.T, handler http.HandlerFunc, change func(*Config)) string {
	t.Helper()
	cfg := Defaults()
	change(&cfg)
	s, err := New("127.0.0.1:0", cfg, handler, time.Second, quiet)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s.Addr()
}

// dial is a connection whose client does as it likes. What is read of it ends
// within the patience of a test.
func dial(t *testing.T, addr, text string) net.Conn {
	t.Helper()
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", addr)
	if err == nil {
		err = conn.SetDeadline(time.Now().Add(20 * time.Second))
	}
	if err == nil {
		_, err = io.WriteString(conn, text)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func ok(w http.ResponseWriter, r *http.Request) {
	_, err := io.Copy(io.Discard, r.Body)
	fmt.Fprintf(w, "read: %v", err)
}

// status is that of the first line, "" where the connection is closed without.
func status(conn net.Conn) string {
	line, _ := bufio.NewReader(conn).ReadString('\n')
	_, code, _ := strings.Cut(strings.TrimSpace(line), " ")
	return code
}

func TestSizes(t *testing.T) {
	t.Parallel()
	addr := serveAs(t, ok, func(c *Config) { c.MaxHeaderBytes, c.MaxURLBytes = 8<<10, 1<<10 })
	for text, want := range map[string]string{
		"GET /" + strings.Repeat("x", 1023) + " HTTP/1.1\r\nHost: a\r\n\r\n":           "200 OK",
		"GET /" + strings.Repeat("x", 1024) + " HTTP/1.1\r\nHost: a\r\n\r\n":           "414 Request URI Too Long",
		"GET /?" + strings.Repeat("x", 1023) + " HTTP/1.1\r\nHost: a\r\n\r\n":          "414 Request URI Too Long",
		"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 8000) + "\r\n\r\n":    "200 OK",
		"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 8300) + "\r\n\r\n":    "431 Request Header Fields Too Large",
		"GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: y\r\n", 2000) + "\r\n":    "431 Request Header Fields Too Large",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n": "400 Bad Request",
		"GET / HTTP/1.1\r\n\r\n": "400 Bad Request: missing required Host header",
	} {
		if got := status(dial(t, addr, text)); got != want {
			t.Errorf("%.40q and %d bytes: %q, want %s", text, len(text), got, want)
		}
	}
}

// A client that sends or takes too slowly is cut off, wherever it stops.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	const soon = 150 * time.Millisecond
	endless := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/endless" {
			ok(w, r)
			return
		}
		for { // until the client takes no more
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	}
	addr := serveAs(t, endless, func(c *Config) {
		c.HeaderTimeout, c.ReadTimeout, c.WriteTimeout, c.IdleTimeout = soon, 2*soon, 2*soon, soon
	})
	for name, text := range map[string]string{
		"nothing":          "",
		"a part of a line": "GET / HT",
		"no last line":     "GET / HTTP/1.1\r\nHost: a\r\n",
		"a part of a body": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc",
		"idle":             "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		conn := dial(t, addr, text)
		began := time.Now()
		_, _ = io.Copy(io.Discard, conn) // to the end of the connection
		if took := time.Since(began); took > 10*soon {
			t.Errorf("%s: the connection stays for %s", name, took)
		}
	}
	conn := dial(t, addr, "GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
	// It takes nothing, and the server's buffers are full in no time.
	began := time.Now()
	for range 100 {
		<-time.After(soon / 10)
		if _, err := io.WriteString(conn, "\r\n"); err != nil { // reset
			break
		}
	}
	if took := time.Since(began); took > 9*soon {
		t.Errorf("a client that takes nothing stays for %s", took)
	}
}

// One more than the most waits until another is closed.
func TestMostConnections(t *testing.T) {
	t.Parallel()
	addr := serveAs(t, ok, func(c *Config) { c.MaxConnections = 2 })
	const request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	first, second := dial(t, addr, request), dial(t, addr, request)
	if a, b := status(first), status(second); a != "200 OK" || b != "200 OK" {
		t.Fatalf("%q, %q", a, b)
	}
	third := dial(t, addr, request)
	_ = third.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if got := status(third); got != "" {
		t.Errorf("a third gets %q", got)
	}
	_ = first.Close()
	_ = third.SetReadDeadline(time.Now().Add(20 * time.Second))
	if got := status(third); got != "200 OK" {
		t.Errorf("a third gets %q when a place is free", got)
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	addr := serveAs(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/page" {
			w.Header().Set("Content-Security-Policy", "default-src 'self'")
			w.Header().Add("Cache-Control", "private")
		}
	}, func(*Config) {})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for path, policy := range map[string]string{"/page": "default-src 'self'", "/": "default-src 'none'; frame-ancestors 'none'"} {
		resp, err := client.Get("http://" + addr + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Content-Security-Policy": policy,
		} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Config){
		"":                        func(*Config) {},
		"http-header-timeout: ":   func(c *Config) { c.HeaderTimeout = 0 },
		"http-read-timeout: ":     func(c *Config) { c.ReadTimeout = time.Second },
		"http-write-timeout: ":    func(c *Config) { c.WriteTimeout = -1 },
		"http-idle-timeout: ":     func(c *Config) { c.IdleTimeout = 0 },
		"http-max-header-bytes: ": func(c *Config) { c.MaxHeaderBytes = 4095 },
		"http-max-url-bytes: ":    func(c *Config) { c.MaxURLBytes = c.MaxHeaderBytes + 1 },
		"http-max-connections: ":  func(c *Config) { c.MaxConnections = 0 },
	} {
		cfg := Defaults()
		change(&cfg)
		if err := cfg.Validate(); (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s…", err, want)
		}
	}
}
