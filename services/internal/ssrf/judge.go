package ssrf

import (
	"fmt"
	"net/netip"
)

// Judged is an address and what the guard says of it.
type Judged struct {
	// Addr is invalid where the host was judged by its name.
	Addr    netip.Addr
	Allowed bool
	// Rule is the one that met it, for people.
	Rule string
}

// judge decides on an address, and on those that it is a disguise of. host is
// the name that has it, in canonical form, "" for none.
func (g *Guard) judge(addr netip.Addr, host string) Judged {
	plain := addr.Unmap().WithZone("")
	pattern := g.hosts.find(host)
	rule, ok := g.rule(plain, pattern)
	if !ok {
		return Judged{addr, false, rule}
	}
	form, hidden := embedded(plain)
	for _, inner := range hidden {
		if innerRule, ok := g.rule(inner, pattern); !ok {
			return Judged{addr, false, fmt.Sprintf("%s of %s: %s", form, inner, innerRule)}
		}
	}
	return Judged{addr, true, rule}
}

// rule says which rule an address without disguise meets, and whether it may be
// dialled. pattern is the one of allow-hosts that its name matches.
func (g *Guard) rule(addr netip.Addr, pattern string) (string, bool) {
	for _, p := range g.cfg.AllowNetworks {
		if p.Contains(addr) {
			return fmt.Sprintf("allow-networks %s", p), true
		}
	}
	if g.guardian.SafeAddr(addr) == nil {
		return "public", true
	}
	if pattern != "" && !neverByName(addr) {
		return "allow-hosts " + pattern, true
	}
	return rangeOf(addr), false
}

// neverByName are addresses that no name is let have, whoever's it is: what
// lives there answers this machine alone, with its credentials.
func neverByName(addr netip.Addr) bool {
	return addr.IsLinkLocalUnicast() || addr.IsMulticast() || addr.IsUnspecified() || azure.Contains(addr) || ec2.Contains(addr)
}

var (
	// azure is Azure's metadata and DNS, public by its number.
	azure = netip.MustParsePrefix("168.63.129.16/32")
	// ec2 is Amazon's metadata over IPv6, unique local by its number.
	ec2 = netip.MustParsePrefix("fd00:ec2::254/128")
)

// The forms of IPv6 that carry an IPv4 address.
var (
	compatible = netip.MustParsePrefix("::/96")
	nat64      = netip.MustParsePrefix("64:ff9b::/96")
	localNAT64 = netip.MustParsePrefix("64:ff9b:1::/48")
	sixToFour  = netip.MustParsePrefix("2002::/16")
	teredo     = netip.MustParsePrefix("2001::/32")
)

// embedded are the IPv4 addresses that an IPv6 one stands for, and in which
// form. All such forms are refused anyway; they matter where an operator allows
// one, as a network with DNS64 needs.
func embedded(addr netip.Addr) (form string, hidden []netip.Addr) {
	if !addr.Is6() {
		return "", nil
	}
	b := addr.As16()
	switch {
	case compatible.Contains(addr) && !addr.IsUnspecified() && !addr.IsLoopback():
		return "IPv4-compatible form", []netip.Addr{four(b[12:])}
	case nat64.Contains(addr):
		return "NAT64 form", []netip.Addr{four(b[12:])}
	case localNAT64.Contains(addr):
		return "local NAT64 form", localForms(b)
	case sixToFour.Contains(addr):
		return "6to4 form", []netip.Addr{four(b[2:])}
	case teredo.Contains(addr): // RFC 4380: the client's bits are turned over
		return "Teredo form", []netip.Addr{four(b[4:]), four([]byte{^b[12], ^b[13], ^b[14], ^b[15]})}
	}
	return "", nil
}

// localForms reads both places that RFC 6052 has for a prefix of 48 bits and
// one of 96 below it. One that is all zero isn't used, unless both are.
func localForms(b [16]byte) []netip.Addr {
	short, long := netip.AddrFrom4([4]byte{b[6], b[7], b[9], b[10]}), four(b[12:])
	switch {
	case long.IsUnspecified():
		return []netip.Addr{short}
	case short.IsUnspecified():
		return []netip.Addr{long}
	}
	return []netip.Addr{short, long}
}

// four makes an address of the first four bytes.
func four(b []byte) netip.Addr { return netip.AddrFrom4([4]byte(b[:4])) }
