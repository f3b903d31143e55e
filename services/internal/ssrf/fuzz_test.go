package ssrf

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"testing"
)

// FuzzCheckForm looks for a URL that the guard and the transport read
// differently, and for one whose form is another when it is read again.
func FuzzCheckForm(f *testing.F) {
	for raw := range vectors {
		f.Add(raw)
	}
	g := New(Config{AllowInsecure: true}, names)
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := g.CheckForm(raw)
		if err != nil || len(u.String()) > maxURL { // escaping may make it too long
			return
		}
		again, err := g.CheckForm(u.String())
		if err != nil || again.String() != u.String() {
			t.Fatalf("%q: %q is read as %v, %v", raw, u, again, err)
		}
		host, _, err := g.split(dialledBy(t, u))
		if err != nil || host != u.Hostname() {
			t.Fatalf("%q: the transport dials %q, %v; judged was %q", raw, host, err, u.Hostname())
		}
		if addr, err := netip.ParseAddr(host); err == nil && !g.judge(addr, "").Allowed && g.CheckURL(t.Context(), raw) == nil {
			t.Fatalf("%q: %s passes", raw, addr)
		}
	})
}

// dialledBy is the address that net/http dials for the URL.
func dialledBy(t *testing.T, u *url.URL) (address string) {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(_ context.Context, _, to string) (net.Conn, error) {
		address = to
		return nil, net.ErrClosed
	}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, u.String(), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := transport.RoundTrip(req); err == nil {
		t.Fatal("a connection without a dial")
	}
	return address
}

// FuzzNumbers looks for a host that inet_aton reads and the guard takes for a
// name.
func FuzzNumbers(f *testing.F) {
	for _, host := range []string{"2130706433", "0x7f.1", "0177.0.0.01", "127.1", "0x", "1.2.3.4", "a.0x1"} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		addr, ok := parseNumbers(host)
		if !ok {
			return
		}
		if name, err := canonicalHost(host); err == nil && name != addr.String() {
			t.Fatalf("%q is %s to C and %s to the guard", host, addr, name)
		}
	})
}
