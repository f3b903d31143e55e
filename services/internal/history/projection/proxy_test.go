package projection

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/posthaste/posthaste/services/internal/history"
	"github.com/posthaste/posthaste/services/internal/settings"
)

// proxy stands between a store and PostgreSQL, and can go away.
type proxy struct {
	listener net.Listener
	to       string // a socket
	busy     sync.WaitGroup

	mu    sync.Mutex
	away  bool
	conns []net.Conn
}

// throughProxy makes cfg go by a proxy.
func throughProxy(t *testing.T, cfg *history.Config) *proxy {
	t.Helper()
	u, err := url.Parse(cfg.DatabaseURL.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u.Host, u.RawQuery = l.Addr().String(), "sslmode=disable"
	cfg.DatabaseURL = settings.SecretURL(u.String())
	p := &proxy{listener: l, to: postgres.Socket()}
	p.busy.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.set(true)
		p.busy.Wait()
	})
	return p
}

// set goes away, closing what is open, or comes back.
func (p *proxy) set(away bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = away
	if away {
		for _, c := range p.conns {
			_ = c.Close()
		}
		p.conns = nil
	}
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", p.to)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, client, server)
		away := p.away
		p.mu.Unlock()
		if away {
			p.set(true)
		}
		p.busy.Go(func() { pass(client, server) })
		p.busy.Go(func() { pass(server, client) })
	}
}

func pass(from, to net.Conn) {
	_, _ = io.Copy(to, from)
	_ = from.Close()
	_ = to.Close()
}
