// Package link puts a proxy between two processes, so that the network between
// them can go wrong.
package link

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// Net holds links.
type Net struct {
	server *toxiproxy.ApiServer
	mu     sync.Mutex
	links  []*Link
}

// New makes a net without links. It serves no API.
func New() *Net {
	return &Net{server: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())}
}

// Link is a way from one process to an address.
type Link struct {
	name  string
	proxy *toxiproxy.Proxy
	mu    sync.Mutex // one change at a time
}

// Open makes a link to the address. It may have nobody there yet. listen is a
// host:port; port 0 takes any free one.
func (n *Net) Open(name, listen, to string) (*Link, error) {
	l := &Link{name: name, proxy: toxiproxy.NewProxy(n.server, name, listen, to)}
	if err := l.proxy.Start(); err != nil {
		return nil, fmt.Errorf("open link %s: %w", name, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.links = append(n.links, l)
	return l, nil
}

// Close closes all links.
func (n *Net) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, l := range n.links {
		l.mu.Lock()
		l.proxy.Stop()
		l.mu.Unlock()
	}
	n.links = nil
}

// Addr is where to connect.
func (l *Link) Addr() string { return l.proxy.Listen }

// Cut lets nothing pass any more, either way, and closes no connection. Mend
// ends it: what was sent meanwhile is lost, and so are the connections.
func (l *Link) Cut() error { return l.add("timeout", map[string]int64{"timeout": 0}) }

// Slow delays what passes, each way, by d give or take a half, until Mend.
func (l *Link) Slow(d time.Duration) error {
	return l.add("latency", map[string]int64{"latency": d.Milliseconds(), "jitter": d.Milliseconds() / 2})
}

// Mend ends Cut and Slow.
func (l *Link) Mend() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proxy.Toxics.ResetToxics(context.Background())
	return nil
}

// Reset closes all connections, and takes new ones at once.
func (l *Link) Reset() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proxy.Stop()
	if err := l.proxy.Start(); err != nil {
		return fmt.Errorf("open link %s again: %w", l.name, err)
	}
	return nil
}

func (l *Link) add(kind string, attributes map[string]int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, direction := range []string{"upstream", "downstream"} {
		text, err := json.Marshal(map[string]any{"type": kind, "stream": direction, "attributes": attributes})
		if err != nil {
			return err
		}
		if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(string(text))); err != nil {
			return fmt.Errorf("link %s: %s: %w", l.name, kind, err)
		}
	}
	return nil
}
