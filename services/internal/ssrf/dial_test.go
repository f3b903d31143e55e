package ssrf

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// dialled keeps what was dialled, and connects to nothing.
type dialled struct {
	mu  sync.Mutex
	all []string
	// works is the address that answers, after takes.
	works string
	takes time.Duration
}

func (d *dialled) connect(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	d.mu.Lock()
	d.all = append(d.all, to.String())
	d.mu.Unlock()
	if to.String() != d.works {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	<-time.After(d.takes)
	conn, other := net.Pipe()
	return conn, other.Close()
}

// changing gives another list at each look-up.
type changing struct {
	mu    sync.Mutex
	lists [][]string
	asked int
}

func (c *changing) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.lists[min(c.asked, len(c.lists)-1)]
	c.asked++
	return hosts{host: list}.LookupNetIP(ctx, network, host)
}

// A name that changes its mind after it was judged gets nowhere: there is one
// look-up for a connection, and what it gave is dialled.
func TestRebinding(t *testing.T) {
	t.Parallel()
	names := &changing{lists: [][]string{{"93.184.215.14"}, {"93.184.215.14"}, {"127.0.0.1"}}}
	g := New(Config{}, names)
	if err := g.CheckURL(t.Context(), "https://rebind.example/"); err != nil {
		t.Fatal(err)
	}
	d := dialled{works: "93.184.215.14:443"}
	conn, err := g.Dial(t.Context(), "rebind.example:443", d.connect)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	if _, err := g.Dial(t.Context(), "rebind.example:443", d.connect); !errors.Is(err, ErrPrivate) {
		t.Errorf("the second time: %v, want %v", err, ErrPrivate)
	}
	if want := []string{"93.184.215.14:443"}; !slices.Equal(d.all, want) || names.asked != 3 {
		t.Errorf("dialled %v after %d look-ups, want %v after 3", d.all, names.asked, want)
	}
}

// No address of a host is dialled where one of them is refused.
func TestDialRefuses(t *testing.T) {
	t.Parallel()
	g := New(Config{AllowPorts: []int{443}}, names)
	for address, want := range map[string]error{
		"mixed.example:443":       ErrPrivate,
		"mapped.example:443":      ErrPrivate,
		"zoned.example:443":       ErrPrivate,
		"localhost:443":           ErrPrivate,
		"127.0.0.1:443":           ErrPrivate,
		"[::1]:443":               ErrPrivate,
		"[::ffff:10.0.0.1]:443":   ErrPrivate,
		"2130706433:443":          ErrURL,
		"public.example:80":       ErrURL,
		"public.example:x":        ErrURL,
		"public.example":          ErrURL,
		"unknown.example:443":     ErrUnresolved,
		"nothing.example:443":     ErrUnresolved,
		"169.254.169.254.:443":    ErrPrivate,
		"[fe80::1%eth0]:443":      ErrURL,
		"metadata。example:443":    ErrPrivate,
		"xn--nothing-there.x:443": ErrUnresolved,
	} {
		var d dialled
		if _, err := g.Dial(t.Context(), address, d.connect); !errors.Is(err, want) || d.all != nil {
			t.Errorf("%s: %v after dialling %v, want %v", address, err, d.all, want)
		}
	}
}

// The error tells why a look-up failed, and not whom we asked.
func TestUnresolvedHidesServer(t *testing.T) {
	t.Parallel()
	_, err := New(Config{}, names).Dial(t.Context(), "unknown.example:443", nil)
	var dns *net.DNSError
	if !errors.As(err, &dns) || !dns.IsNotFound || strings.Contains(err.Error(), "10.0.0.53") {
		t.Errorf("%v", err)
	}
}

// An address that hangs costs its head start; families take turns.
func TestRace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := New(Config{}, hosts{"many.example": {"2606::1", "2606::2", "2606::3", "1.1.1.1", "1.1.1.2"}})
		d := dialled{works: "1.1.1.2:443", takes: time.Millisecond}
		begin := time.Now()
		conn, err := g.Dial(t.Context(), "many.example:443", d.connect)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
		want := []string{"[2606::1]:443", "1.1.1.1:443", "[2606::2]:443", "1.1.1.2:443"}
		if took := time.Since(begin); !slices.Equal(d.all, want) || took != 3*headStart+d.takes {
			t.Errorf("dialled %v in %s, want %v", d.all, took, want)
		}
	})
}

// Whoever names a thousand addresses has eight of them knocked at.
func TestRaceIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := New(Config{}, hosts{"many.example": slices.Repeat([]string{"1.1.1.1"}, 1000)})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		var d dialled
		if _, err := g.Dial(ctx, "many.example:443", d.connect); !errors.Is(err, context.DeadlineExceeded) || len(d.all) != maxDialled {
			t.Errorf("%v after dialling %d addresses, want %d", err, len(d.all), maxDialled)
		}
	})
}

// A second connection that comes too late is closed.
func TestRaceClosesLosers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var made []net.Conn
		conn, err := race(t.Context(), slices.Repeat([]netip.AddrPort{netip.MustParseAddrPort("1.1.1.1:443")}, 3), func(context.Context, netip.AddrPort) (net.Conn, error) {
			<-time.After(2*headStart + time.Millisecond)
			a, b := net.Pipe()
			mu.Lock()
			defer mu.Unlock()
			made = append(made, b)
			return a, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
		for i, c := range made {
			if _, err := c.Read(make([]byte, 1)); err == nil {
				t.Errorf("connection %d of %d is open", i, len(made))
			}
		}
		if len(made) != 3 {
			t.Errorf("%d connections, want 3", len(made))
		}
	})
}
