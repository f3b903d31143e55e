package ssrf

import (
	"net/netip"
	"strings"
	"testing"

	ssrfguard "code.dny.dev/ssrf"
)

// Each range that the library refuses has a name here.
func TestRangesHaveNames(t *testing.T) {
	t.Parallel()
	for _, p := range append(ssrfguard.IPv4DeniedPrefixes, ssrfguard.IPv6DeniedPrefixes...) {
		if name := rangeOf(p.Masked().Addr()); name == "reserved" {
			t.Errorf("%s has no name", p)
		}
	}
}

// Each range that has a name here is refused, at both of its ends.
func TestNamedRangesAreRefused(t *testing.T) {
	t.Parallel()
	g := New(Config{}, names)
	for _, r := range ranges {
		for _, addr := range []netip.Addr{r.prefix.Addr(), last(r.prefix)} {
			if j := g.judge(addr, ""); j.Allowed {
				t.Errorf("%s of %s is allowed: %s", addr, r.prefix, j.Rule)
			}
		}
	}
}

// last is the last address of a prefix.
func last(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for bit := p.Bits(); bit < 8*len(b); bit++ {
		b[bit/8] |= 1 << (7 - bit%8)
	}
	addr, _ := netip.AddrFromSlice(b)
	return addr
}

func TestExplain(t *testing.T) {
	t.Parallel()
	g := New(Config{AllowNetworks: prefixes("10.1.0.0/16", "64:ff9b::/96"), AllowHosts: []string{"*.internal"}}, hosts{
		"a.example": {"93.184.215.14", "::ffff:10.1.2.3", "10.2.0.1", "169.254.169.254", "64:ff9b::7f00:1", "4000::1"}, "b.internal": {"192.168.0.1"},
	})
	for url, want := range map[string]string{
		"https://A.example.:443/x": "93.184.215.14 public; 10.1.2.3 allow-networks 10.1.0.0/16; 10.2.0.1 ! private 10.0.0.0/8; " +
			"169.254.169.254 ! cloud metadata 169.254.169.254/32; 64:ff9b::7f00:1 ! NAT64 form of 127.0.0.1: loopback 127.0.0.0/8; " +
			"4000::1 ! outside of 2000::/3, which is all that is public",
		"https://b.internal/": "192.168.0.1 allow-hosts *.internal",
		"https://localhost/":  "- ! localhost is this machine",
		"https://[::1]/":      "::1 ! loopback ::1/128",
	} {
		var said []string
		for _, j := range g.Explain(t.Context(), url).Addresses {
			text := "-"
			if j.Addr.IsValid() {
				text = j.Addr.String()
			}
			if !j.Allowed {
				text += " !"
			}
			said = append(said, text+" "+j.Rule)
		}
		if got := strings.Join(said, "; "); got != want {
			t.Errorf("%s: %s\nwant %s", url, got, want)
		}
	}
	if r := g.Explain(t.Context(), "https://A.example.:443/x"); r.URL.String() != "https://a.example:443/x" {
		t.Errorf("the URL is %s", r.URL)
	}
}
