package dispatcher

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/ssrf"
	"github.com/posthaste/posthaste/services/internal/testbed/certtest"
)

// stub resolves every name to what it holds.
type stub struct {
	mu    sync.Mutex
	addrs []netip.Addr
}

func (s *stub) set(addrs ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addrs = nil
	for _, a := range addrs {
		s.addrs = append(s.addrs, netip.MustParseAddr(a))
	}
}

func (s *stub) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.addrs), nil
}

// openGuard lets loopback through and resolves names to it.
func openGuard() *ssrf.Guard {
	names := &stub{}
	names.set("127.0.0.1")
	return ssrf.New(ssrf.Config{AllowInsecure: true, AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, names)
}

// sender is a poster without a dispatcher.
func sender(t *testing.T, guard *ssrf.Guard, change ...func(*Config)) *poster {
	t.Helper()
	cfg := settings.Defaults[Config]()
	for _, c := range change {
		c(&cfg)
	}
	if err := cfg.Egress.Validate(); err != nil {
		t.Fatal(err)
	}
	p := newPoster(cfg, 5*time.Second, guard)
	t.Cleanup(p.close)
	return p
}

// send makes one POST.
func (p *poster) send(t *testing.T, to *destination, timeout time.Duration) answer {
	t.Helper()
	return p.post(t.Context(), to, http.Header{}, []byte("{}"), timeout, time.Now())
}

func to(t *testing.T, raw string) *destination {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return &destination{URL: u, subscription: raw}
}

// A proxy of the environment's is not asked.
func TestEnvironmentProxyIsIgnored(t *testing.T) {
	asked := newEndpoint(t, nil)
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"} {
		t.Setenv(name, asked.URL)
	}
	// net/http reads the environment once a process, so look at the field too.
	p := sender(t, openGuard())
	e := newEndpoint(t, nil)
	if a := p.send(t, to(t, strings.Replace(e.URL, "127.0.0.1", "name.example", 1)), time.Second); a.err != nil || e.count() != 1 || asked.count() != 0 || p.transport.Proxy != nil {
		t.Errorf("%v after %d POSTs, %d to the proxy", a.err, e.count(), asked.count())
	}
}

// proxy answers CONNECT as a proxy does, and keeps what it was asked for.
type proxy struct {
	net.Listener
	mu    sync.Mutex
	asked []string
	auth  []string
	// answer takes the place of a tunnel.
	answer string
}

func (p *proxy) serve(t *testing.T) {
	t.Helper()
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := p.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.tunnel(conn) })
		}
	})
	t.Cleanup(func() { _ = p.Close(); all.Wait() })
}

func (p *proxy) tunnel(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	req, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	p.mu.Lock()
	p.asked = append(p.asked, req.Method+" "+req.RequestURI)
	p.auth = append(p.auth, req.Header.Get("Proxy-Authorization"))
	p.mu.Unlock()
	if p.answer != "" {
		_, _ = io.WriteString(conn, p.answer)
		_, _ = io.Copy(io.Discard, in)
		return
	}
	other, err := net.Dial("tcp", req.RequestURI)
	if err != nil {
		fmt.Fprint(conn, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	defer other.Close()
	fmt.Fprint(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() { _, _ = io.Copy(other, in); _ = other.(*net.TCPConn).CloseWrite() }()
	_, _ = io.Copy(conn, other)
}

func newProxy(t *testing.T, answer string, wrap func(net.Listener) net.Listener) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if wrap != nil {
		l = wrap(l)
	}
	p := &proxy{Listener: l, answer: answer}
	p.serve(t)
	return p
}

func through(proxy string) func(*Config) {
	return func(c *Config) { c.Egress.Proxy = settings.SecretURL(proxy) }
}

// The proxy is given the address that was judged; the endpoint sees its name.
func TestProxy(t *testing.T) {
	t.Parallel()
	px := newProxy(t, "", nil)
	plain := newEndpoint(t, nil)
	root := certtest.Authority(t, "root")
	secure := secureEndpoint(t, root.Sign(t, "name.example"), nil)
	p := sender(t, openGuard(), through("http://user:pass%20word@"+px.Addr().String()))
	p.transport.TLSClientConfig.RootCAs = root.Pool()
	for _, e := range []*endpoint{plain, secure} {
		addr := e.Listener.Addr().String()
		_, port, _ := net.SplitHostPort(addr)
		raw := strings.Split(e.URL, ":")[0] + "://name.example:" + port
		if a := p.send(t, to(t, raw), 5*time.Second); a.err != nil || a.status != http.StatusOK {
			t.Fatalf("%s: %v", raw, a.err)
		}
		got := e.posts()
		if len(got) != 1 || got[0].Host != "name.example:"+port || got[0].Header.Get("Proxy-Authorization") != "" {
			t.Errorf("%s: the endpoint got %v", raw, got)
		}
		if last := len(px.asked) - 1; px.asked[last] != "CONNECT "+addr || px.auth[last] != "Basic dXNlcjpwYXNzIHdvcmQ=" {
			t.Errorf("%s: the proxy was asked %s with %s", raw, px.asked[last], px.auth[last])
		}
	}
}

// What the guard refuses the proxy is not asked for.
func TestProxyIsGuarded(t *testing.T) {
	t.Parallel()
	px := newProxy(t, "", nil)
	names := &stub{}
	names.set("169.254.169.254")
	p := sender(t, ssrf.New(ssrf.Config{}, names), through("http://"+px.Addr().String()))
	for _, raw := range []string{"https://rebound.example/", "https://127.0.0.1/", "https://10.0.0.1/", "https://localhost/"} {
		if a := p.send(t, to(t, raw), time.Second); reasonOf(a.err) != ReasonBlocked || len(px.asked) > 0 {
			t.Errorf("%s: %v after %v", raw, a.err, px.asked)
		}
	}
}

// A proxy's failure is a connection error that tells nothing of the proxy, and
// costs no more than the timeout.
func TestProxyFails(t *testing.T) {
	t.Parallel()
	closed := newProxy(t, "", nil)
	_ = closed.Close()
	for name, c := range map[string]struct {
		answer string
		want   string
		reason Reason
	}{
		"forbidden": {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "egress proxy: it answered CONNECT with 403 Forbidden", ReasonConnection},
		"password":  {"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "egress proxy: it answered CONNECT with 407", ReasonConnection},
		"no HTTP":   {"SSH-2.0-x\r\n\r\n", "egress proxy: read its answer", ReasonConnection},
		"too long":  {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", 2*maxProxyAnswer), "egress proxy: its answer to CONNECT is too long", ReasonConnection},
		"hangs":     {"HTTP/1.1 200 OK\r\n", "no complete answer within 300ms", ReasonTimeout},
		"away":      {"", "egress proxy: connect: connection refused", ReasonConnection},
	} {
		px := closed
		if c.answer != "" {
			px = newProxy(t, c.answer, nil)
		}
		p := sender(t, openGuard(), through("http://user:hush@"+px.Addr().String()))
		begin := time.Now()
		a := p.send(t, to(t, "https://127.0.0.1:1/"), 300*time.Millisecond)
		if a.err == nil || !strings.HasPrefix(a.err.Error(), c.want) || reasonOf(a.err) != c.reason || time.Since(begin) > 5*time.Second {
			t.Errorf("%s: %v, %s; want %s, %s", name, a.err, reasonOf(a.err), c.want, c.reason)
		}
		if a.err != nil && (strings.Contains(a.err.Error(), "hush") || strings.Contains(a.err.Error(), px.Addr().String())) {
			t.Errorf("%s: %v tells of the proxy", name, a.err)
		}
		p.transport.CloseIdleConnections()
	}
}

// To a proxy with TLS the connection is verified.
func TestSecureProxy(t *testing.T) {
	t.Parallel()
	cert := certtest.Authority(t, "root").Sign(t, "proxy.example")
	px := newProxy(t, "", func(l net.Listener) net.Listener { return tls.NewListener(l, serverTLS(t, cert, nil)) })
	p := sender(t, openGuard(), through("https://"+px.Addr().String()))
	if a := p.send(t, to(t, "https://127.0.0.1:1/"), 5*time.Second); a.err == nil || !strings.Contains(a.err.Error(), "egress proxy: tls: failed to verify certificate") {
		t.Errorf("a proxy with an unknown certificate: %v", a.err)
	}
}

func TestEgressValidate(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*EgressConfig){
		"max-conns-per-host":      func(c *EgressConfig) { c.MaxConnsPerHost = -1 },
		"max-answer-header-bytes": func(c *EgressConfig) { c.MaxAnswerHeaders = 1 },
		"max-tls-endpoints":       func(c *EgressConfig) { c.MaxTLSEndpoints = 0 },
		"egress-proxy":            func(c *EgressConfig) { c.Proxy = "socks5://u:hush@x:1" },
		"egress-proxy ":           func(c *EgressConfig) { c.Proxy = "http://" },
		" egress-proxy":           func(c *EgressConfig) { c.Proxy = "http://x/path" },
	} {
		cfg := settings.Defaults[Config]().Egress
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), strings.TrimSpace(name)) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// serverTLS shows cert, and asks for a client's of the authority, nil for none.
func serverTLS(t *testing.T, cert, clients *certtest.Made) *tls.Config {
	t.Helper()
	pair, err := tls.X509KeyPair([]byte(cert.Certificate), []byte(cert.Key))
	if err != nil {
		t.Fatal(err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if clients != nil {
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, clients.Pool()
	}
	return c
}

func silent() *log.Logger { return slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) }

func secureEndpoint(t *testing.T, cert, clients *certtest.Made) *endpoint {
	t.Helper()
	e := &endpoint{}
	e.Server = httptest.NewUnstartedServer(e.handler(nil))
	e.Config.ErrorLog = silent()
	e.EnableHTTP2, e.TLS = true, serverTLS(t, cert, clients)
	e.StartTLS()
	t.Cleanup(e.Close)
	return e
}
