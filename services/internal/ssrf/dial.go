package ssrf

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// Connect makes a connection to an address that was judged. It returns soon
// after its context ends.
type Connect func(ctx context.Context, to netip.AddrPort) (net.Conn, error)

const (
	// headStart is how long an address is tried alone (RFC 8305, section 5).
	headStart = 250 * time.Millisecond
	// maxDialled bounds what one POST makes us knock at: whose name it is may
	// name any number of strangers.
	maxDialled = 8
)

// Dial looks the host of address (host:port) up once, judges every address that
// it has, and connects to one of these very addresses. Errors: ErrURL,
// ErrPrivate, ErrUnresolved, that of the connection which failed first.
func (g *Guard) Dial(ctx context.Context, address string, connect Connect) (net.Conn, error) {
	host, port, err := g.split(address)
	if err != nil {
		return nil, err
	}
	judged, err := g.look(ctx, host)
	if err != nil {
		return nil, err
	}
	return race(ctx, alternate(judged, port), connect)
}

func (g *Guard) split(address string) (host string, port uint16, err error) {
	name, digits, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("%w: %w", ErrURL, err)
	}
	number, err := strconv.ParseUint(digits, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("%w: its port is not 1 to %d", ErrURL, maxPort)
	}
	if err := g.checkPort(int(number)); err != nil {
		return "", 0, err
	}
	host, err = canonicalHost(name)
	if err != nil {
		return "", 0, fmt.Errorf("%w: %w", ErrURL, err)
	}
	return host, uint16(number), nil
}

// alternate takes IPv6 and IPv4 in turns, beginning with the resolver's first,
// so that a family which leads nowhere costs little.
func alternate(judged []Judged, port uint16) []netip.AddrPort {
	var first, second []netip.AddrPort
	for _, j := range judged {
		to := netip.AddrPortFrom(j.Addr, port)
		if j.Addr.Is4() == judged[0].Addr.Is4() {
			first = append(first, to)
		} else {
			second = append(second, to)
		}
	}
	all := make([]netip.AddrPort, 0, len(judged))
	for i := range max(len(first), len(second)) {
		all = append(all, first[min(i, len(first)):min(i+1, len(first))]...)
		all = append(all, second[min(i, len(second)):min(i+1, len(second))]...)
	}
	return all[:min(len(all), maxDialled)]
}

type connected struct {
	conn net.Conn
	err  error
}

// race connects to the first, and to each that follows when the one before has
// failed or its head start is over. The first connection wins.
func race(ctx context.Context, to []netip.AddrPort, connect Connect) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan connected, len(to))
	begun, open := 0, 0
	begin := func() {
		if begun == len(to) {
			return
		}
		addr := to[begun]
		begun, open = begun+1, open+1
		go func() {
			conn, err := connect(ctx, addr)
			results <- connected{conn, err}
		}()
	}
	begin()
	next := time.NewTicker(headStart)
	defer next.Stop()
	var failed error
	for open > 0 {
		select {
		case <-next.C:
			begin()
		case r := <-results:
			open--
			if r.err == nil {
				cancel()
				discard(results, open)
				return r.conn, nil
			}
			if failed == nil {
				failed = r.err
			}
			if ctx.Err() == nil {
				begin()
			}
		}
	}
	return nil, failed
}

// discard waits for those that lost.
func discard(results <-chan connected, n int) {
	for range n {
		if r := <-results; r.err == nil {
			_ = r.conn.Close()
		}
	}
}
