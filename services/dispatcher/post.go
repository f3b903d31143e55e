package dispatcher

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/posthaste/posthaste/services/internal/ssrf"
)

// poster makes POSTs. There is one way out, and it passes the guard.
type poster struct {
	transport *http.Transport // of all subscriptions without TLS of their own
	own       *ownTransports
	readMost  int64
	keepMost  int64
}

// newPoster makes a poster whose POSTs have at most the longest timeout.
func newPoster(cfg Config, longest time.Duration, guard *ssrf.Guard) *poster {
	way := egress{guard: guard, dialer: &net.Dialer{KeepAlive: 30 * time.Second}, proxy: cfg.Egress.proxy(), longest: longest}
	transport := newTransport(cfg, longest, way)
	return &poster{
		transport: transport,
		own:       newOwnTransports(transport, cfg.Egress.MaxTLSEndpoints),
		readMost:  int64(cfg.AnswerBytes),
		keepMost:  int64(cfg.RecordBytes),
	}
}

// newTransport makes one that takes little from strangers.
func newTransport(cfg Config, longest time.Duration, way egress) *http.Transport {
	return &http.Transport{
		// Proxy stays nil: one from the environment would look the name up
		// and dial for us, past the guard.
		DialContext:       way.dial,
		TLSClientConfig:   &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true,
		// One connection carries all of an endpoint's POSTs. Where it has
		// died in silence, a ping finds out before TCP does. What an endpoint
		// may send before it is read is bounded too.
		HTTP2: &http.HTTP2Config{
			SendPingTimeout: longest, PingTimeout: longest / 2,
			MaxReceiveBufferPerStream: streamBuffer, MaxReceiveBufferPerConnection: connectionBuffer,
		},
		MaxConnsPerHost:        cfg.Egress.MaxConnsPerHost,
		MaxIdleConns:           cfg.MaxIdleConns,
		MaxIdleConnsPerHost:    cfg.Gate.Concurrency,
		IdleConnTimeout:        idleTimeout,
		TLSHandshakeTimeout:    longest,
		MaxResponseHeaderBytes: int64(cfg.Egress.MaxAnswerHeaders),
		DisableCompression:     true, // a stranger's archive is not ours to open
	}
}

const (
	// streamBuffer and connectionBuffer are what an endpoint may send over
	// HTTP/2 before it is read, in bytes.
	streamBuffer     = 128 << 10
	connectionBuffer = 1 << 20
	// idleTimeout is how long a connection is kept that nothing uses.
	idleTimeout = 90 * time.Second
)

func (p *poster) close() {
	p.transport.CloseIdleConnections()
	p.own.close()
}

// answer is what came of a POST.
type answer struct {
	started time.Time
	took    time.Duration
	status  int // 0 where there was no answer
	header  http.Header
	body    []byte // its beginning
	err     error
}

// post sends one POST and reads the answer, both within the timeout. A
// redirect is an answer like any other.
func (p *poster) post(ctx context.Context, to *destination, header http.Header, body []byte, timeout time.Duration, now time.Time) answer {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req := (&http.Request{
		Method: http.MethodPost, URL: to.URL, Host: to.Host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		ContentLength: int64(len(body)),
		Body:          io.NopCloser(bytes.NewReader(body)),
		GetBody:       func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil },
	}).WithContext(ctx)

	a := answer{started: now}
	begin := time.Now()
	res, err := p.transportTo(to).RoundTrip(req)
	if err == nil {
		a.status, a.header = res.StatusCode, res.Header
		if res.StatusCode == http.StatusSwitchingProtocols {
			// What follows is a connection that no timeout ends.
			_ = res.Body.Close()
		} else {
			a.body, err = p.read(res.Body)
		}
	}
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, context.DeadlineExceeded) {
		err = fmt.Errorf("no complete answer within %s: %w", timeout, cause)
	}
	a.took, a.err = time.Since(begin), err
	return a
}

// read takes the beginning of the body to keep and, so that the connection can
// be used again, what follows up to the bound. An answer that goes on beyond
// costs its connection.
func (p *poster) read(body io.ReadCloser) ([]byte, error) {
	defer body.Close()
	kept := make([]byte, 0, 64)
	rest := p.readMost
	for int64(len(kept)) < p.keepMost {
		if len(kept) == cap(kept) {
			kept = append(kept, 0)[:len(kept)]
		}
		room := min(int64(cap(kept)), p.keepMost)
		n, err := body.Read(kept[len(kept):room])
		kept = kept[:len(kept)+n]
		rest -= int64(n)
		if errors.Is(err, io.EOF) {
			return kept, nil
		}
		if err != nil {
			return kept, fmt.Errorf("read answer: %w", err)
		}
	}
	if _, err := io.CopyN(io.Discard, body, rest); err != nil && !errors.Is(err, io.EOF) {
		return kept, fmt.Errorf("read answer: %w", err)
	}
	return kept, nil
}
