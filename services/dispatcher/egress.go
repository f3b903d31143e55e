package dispatcher

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/posthaste/posthaste/services/internal/ssrf"
)

// egress is the way out to endpoints: every connection to one is made here, to
// an address that the guard has just judged.
type egress struct {
	guard   *ssrf.Guard
	dialer  *net.Dialer
	proxy   *url.URL      // nil for none
	longest time.Duration // that a connection may take
}

// dial is a transport's. The transport lets it go on after the POST has given
// up, so it has an end of its own.
func (e egress) dial(ctx context.Context, _, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, e.longest)
	defer cancel()
	return e.guard.Dial(ctx, address, e.connect)
}

// connect makes one connection to an address that was judged.
func (e egress) connect(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	if e.proxy != nil {
		return e.tunnel(ctx, to)
	}
	return e.dialer.DialContext(ctx, "tcp", to.String())
}

// proxyError is a failure of the operator's proxy. It unwraps to nothing, for a
// failed look-up of the proxy's name is none of the endpoint's, and it doesn't
// say where the proxy is: tenants read it.
type proxyError struct{ text string }

func (e *proxyError) Error() string { return "egress proxy: " + e.text }

func newProxyError(err error) error {
	var op *net.OpError
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return &proxyError{"its name could not be resolved"}
	case errors.As(err, &op):
		return &proxyError{op.Err.Error()}
	}
	return &proxyError{err.Error()}
}

// tunnel has the proxy connect to the address, never to a name: it would look
// that up for itself. http endpoints get a tunnel too, for to a proxy that
// relays the address would be the Host.
func (e egress) tunnel(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	conn, err := e.dialProxy(ctx)
	if err == nil {
		if err = e.ask(ctx, conn, to); err == nil {
			return conn, nil
		}
		_ = conn.Close()
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("egress proxy: %w", ctx.Err())
	}
	return nil, newProxyError(err)
}

func (e egress) dialProxy(ctx context.Context) (net.Conn, error) {
	port := e.proxy.Port()
	if e.proxy.Scheme == "http" {
		if port == "" {
			port = "80"
		}
		return e.dialer.DialContext(ctx, "tcp", net.JoinHostPort(e.proxy.Hostname(), port))
	}
	if port == "" {
		port = "443"
	}
	secure := tls.Dialer{NetDialer: e.dialer, Config: &tls.Config{MinVersion: tls.VersionTLS12}}
	return secure.DialContext(ctx, "tcp", net.JoinHostPort(e.proxy.Hostname(), port))
}

// maxProxyAnswer bounds the answer to a CONNECT, in bytes.
const maxProxyAnswer = 16 << 10

// ask sends a CONNECT and reads its answer, byte for byte, so that nothing of
// what the endpoint says is taken along.
func (e egress) ask(ctx context.Context, conn net.Conn, to netip.AddrPort) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	header := http.Header{}
	if user := e.proxy.User; user != nil {
		password, _ := user.Password()
		header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Host: to.String()}, Host: to.String(), Header: header}
	if err := req.Write(conn); err != nil {
		return err
	}
	limited := &io.LimitedReader{R: conn, N: maxProxyAnswer}
	res, err := http.ReadResponse(bufio.NewReaderSize(oneByte{limited}, 16), req) //nolint:bodyclose // what follows is the tunnel
	switch {
	case err != nil && limited.N <= 0:
		return errors.New("its answer to CONNECT is too long")
	case err != nil:
		return fmt.Errorf("read its answer to CONNECT: %w", err)
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("it answered CONNECT with %d %s", res.StatusCode, http.StatusText(res.StatusCode))
	case !stop():
		return ctx.Err()
	}
	return nil
}

// oneByte reads a byte at a time, so that a buffer above holds nothing back.
type oneByte struct{ io.Reader }

func (r oneByte) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(1, len(p))]) }
