package dispatcher

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/testbed/certtest"
)

// rawEndpoint answers with bytes of its own.
func rawEndpoint(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			func() {
				defer conn.Close()
				if req, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					_, _ = io.Copy(io.Discard, req.Body)
					answer(conn)
				}
			}()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return "http://" + l.Addr().String()
}

// drip writes a byte now and then, until the other side has gone.
func drip(conn net.Conn, text string, every time.Duration) {
	for i := 0; ; i++ {
		if _, err := conn.Write([]byte{text[i%len(text)]}); err != nil {
			return
		}
		<-time.After(every)
	}
}

// pour writes so many bytes, or until the other side has gone.
func pour(w io.Writer, text string, n int64) {
	part := []byte(strings.Repeat(text, 64<<10/len(text)))
	for ; n > 0; n -= int64(len(part)) {
		if _, err := w.Write(part); err != nil {
			return
		}
	}
}

const ok = "HTTP/1.1 200 OK\r\n"

// What a hostile endpoint costs is its timeout at the most and 1 MiB, whatever
// it sends. Not parallel: it counts what the process allocates.
func TestHostileAnswers(t *testing.T) {
	const timeout, slack = 400 * time.Millisecond, 3 * time.Second
	for name, c := range map[string]struct {
		answer func(net.Conn)
		want   Reason
	}{
		"drips its body": {func(c net.Conn) {
			fmt.Fprint(c, ok+"Content-Length: 1000000\r\n\r\n")
			drip(c, "x", 20*time.Millisecond)
		}, ReasonTimeout},
		"drips its header": {func(c net.Conn) { fmt.Fprint(c, ok+"X: "); drip(c, "y", 20*time.Millisecond) }, ReasonTimeout},
		"drips its chunk": {func(c net.Conn) {
			fmt.Fprint(c, ok+"Transfer-Encoding: chunked\r\n\r\n")
			drip(c, "1\r\nx\r\n", 5*time.Millisecond)
		}, ReasonTimeout},
		"never answers": {func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, ReasonTimeout},
		"drips hints":   {func(c net.Conn) { drip(c, "HTTP/1.1 103 Early Hints\r\n\r\n", 5*time.Millisecond) }, ""},
		"pours hints":   {func(c net.Conn) { pour(c, "HTTP/1.1 103 Early Hints\r\n\r\n", 10<<20) }, ReasonConnection},
		"10 GB": {func(c net.Conn) {
			fmt.Fprint(c, ok+"Content-Length: 10000000000\r\n\r\n")
			pour(c, "x", 10_000_000_000)
		}, ReasonDelivered},
		"10 GB in chunks": {func(c net.Conn) {
			fmt.Fprint(c, ok+"Transfer-Encoding: chunked\r\n\r\n")
			pour(c, "10\r\n0123456789abcdef\r\n", 10_000_000_000)
		}, ReasonDelivered},
		"one chunk of 10 GB": {func(c net.Conn) {
			fmt.Fprint(c, ok+"Transfer-Encoding: chunked\r\n\r\n2540BE400\r\n")
			pour(c, "x", 10_000_000_000)
		}, ReasonDelivered},
		"endless chunk size": {func(c net.Conn) { fmt.Fprint(c, ok+"Transfer-Encoding: chunked\r\n\r\n"); pour(c, "0", 10<<20) }, ReasonConnection},
		"endless trailer": {func(c net.Conn) {
			fmt.Fprint(c, ok+"Transfer-Encoding: chunked\r\n\r\n0\r\n")
			pour(c, "X: y\r\n", 10<<20)
		}, ReasonConnection},
		"10 MB header":          {func(c net.Conn) { fmt.Fprint(c, ok+"X: "); pour(c, "y", 10<<20) }, ReasonConnection},
		"10 MB of headers":      {func(c net.Conn) { fmt.Fprint(c, ok); pour(c, "X: y\r\n", 10<<20) }, ReasonConnection},
		"10 MB status line":     {func(c net.Conn) { fmt.Fprint(c, "HTTP/1.1 200 "); pour(c, "y", 10<<20) }, ReasonConnection},
		"resets":                {func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }, ReasonConnection},
		"resets in its body":    {func(c net.Conn) { fmt.Fprint(c, ok+"Content-Length: 9\r\n\r\nxx"); _ = c.(*net.TCPConn).SetLinger(0) }, ReasonConnection},
		"ends in its body":      {func(c net.Conn) { fmt.Fprint(c, ok+"Content-Length: 9\r\n\r\nxx") }, ReasonConnection},
		"speaks something else": {func(c net.Conn) { pour(c, "SSH-2.0-x\r\n", 10<<20) }, ReasonConnection},
		"upgrades": {func(c net.Conn) {
			fmt.Fprint(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
			drip(c, "x", 20*time.Millisecond)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := sender(t, openGuard())
			url := to(t, rawEndpoint(t, c.answer))
			begin := time.Now()
			used, a := allocated(func() answer { return p.send(t, url, timeout) })
			v := read(a.status, a.header, a.err, time.Now())
			if c.want != "" && v.Reason != c.want || c.want == "" && v.Reason == ReasonDelivered {
				t.Errorf("%s: %d, %v; want %s", v.Reason, a.status, a.err, c.want)
			}
			if took := time.Since(begin); took > timeout+slack {
				t.Errorf("took %s", took)
			}
			if used > 1<<20 {
				t.Errorf("allocated %d bytes", used)
			}
		})
	}
}

// allocated is what the process allocates in all while f runs, which bounds
// what f holds.
func allocated(f func() answer) (uint64, answer) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	a := f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, a
}

// The same over HTTP/2, where an endpoint fills windows rather than sockets. The
// server is in this process and allocates too, so memory is bounded by streamBuffer.
func TestHostileHTTP2(t *testing.T) {
	root := certtest.Authority(t, "root")
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		want   Reason
	}{
		"10 GB":            {func(w http.ResponseWriter) { pour(w, "x", 10_000_000_000) }, ReasonDelivered},
		"10 MB of headers": {func(w http.ResponseWriter) { w.Header().Set("X", strings.Repeat("y", 10<<20)) }, ReasonConnection},
	} {
		t.Run(name, func(t *testing.T) {
			e := &endpoint{}
			e.Server = httptest.NewUnstartedServer(e.handler(func(w http.ResponseWriter, _ *http.Request, _ int) { c.answer(w) }))
			e.Config.ErrorLog = silent()
			e.EnableHTTP2, e.TLS = true, serverTLS(t, root.Sign(t, "name.example"), nil)
			e.StartTLS()
			t.Cleanup(e.Close)
			p := sender(t, openGuard())
			p.transport.TLSClientConfig.RootCAs = root.Pool()
			begin := time.Now()
			a := p.send(t, to(t, e.URL), 2*time.Second)
			if v := read(a.status, a.header, a.err, time.Now()); v.Reason != c.want {
				t.Errorf("%s: %d, %v; want %s", v.Reason, a.status, a.err, c.want)
			}
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("took %s", took)
			}
			if n := len(a.body); n > 1024 {
				t.Errorf("kept %d bytes", n)
			}
		})
	}
}

// A stranger's archive stays shut, and is not asked for.
func TestNoDecompression(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		pour(z, "x", 10<<20)
		_ = z.Close()
	})
	a := sender(t, openGuard()).send(t, to(t, e.URL), 5*time.Second)
	if a.err != nil || len(a.body) < 2 || a.body[0] != 0x1f || a.body[1] != 0x8b || e.posts()[0].Header.Get("Accept-Encoding") != "" {
		t.Errorf("%v: %x… after Accept-Encoding %q", a.err, a.body[:min(2, len(a.body))], e.posts()[0].Header.Get("Accept-Encoding"))
	}
}

// A host has so many connections and no more.
func TestMaxConnsPerHost(t *testing.T) {
	t.Parallel()
	release, arrived := make(chan struct{}), make(chan struct{}, 10)
	e := newEndpoint(t, func(http.ResponseWriter, *http.Request, int) { arrived <- struct{}{}; <-release })
	p := sender(t, openGuard(), func(c *Config) { c.Egress.MaxConnsPerHost = 2 })
	done := make(chan answer)
	for range 3 {
		go func() { done <- p.send(t, to(t, e.URL), 5*time.Second) }()
	}
	<-arrived
	<-arrived
	if a := p.send(t, to(t, e.URL), 50*time.Millisecond); reasonOf(a.err) != ReasonTimeout || e.count() != 2 {
		t.Errorf("%v with %d POSTs under way", a.err, e.count())
	}
	close(release)
	for range 3 {
		if a := <-done; a.err != nil {
			t.Error(a.err)
		}
	}
}
