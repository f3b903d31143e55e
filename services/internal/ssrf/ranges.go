package ssrf

import (
	"fmt"
	"net/netip"

	ssrfguard "code.dny.dev/ssrf"
)

// named is a range that is refused. The library decides; these are the names
// that people know its ranges by.
type named struct {
	prefix netip.Prefix
	name   string
}

// ranges has the narrower of two that overlap first.
var ranges = []named{
	{azure, "cloud metadata (Azure)"},
	{netip.MustParsePrefix("169.254.169.254/32"), "cloud metadata"},
	{ec2, "cloud metadata"},
	{netip.MustParsePrefix("0.0.0.0/32"), "unspecified"},
	{netip.MustParsePrefix("0.0.0.0/8"), "this network"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "carrier NAT"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.0.0.0/24"), "protocol assignments"},
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation"},
	{netip.MustParsePrefix("192.31.196.0/24"), "AS112"},
	{netip.MustParsePrefix("192.52.193.0/24"), "multicast relays"},
	{netip.MustParsePrefix("192.88.99.0/24"), "6to4 relays"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("192.175.48.0/24"), "AS112"},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmarking"},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("255.255.255.255/32"), "broadcast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},
	{netip.MustParsePrefix("::/128"), "unspecified"},
	{netip.MustParsePrefix("::1/128"), "loopback"},
	{compatible, "IPv4-compatible IPv6"},
	{nat64, "NAT64"},
	{localNAT64, "local NAT64"},
	{netip.MustParsePrefix("100::/64"), "discard-only"},
	{teredo, "Teredo"},
	{netip.MustParsePrefix("2001:2::/48"), "benchmarking"},
	{netip.MustParsePrefix("2001::/23"), "protocol assignments"},
	{netip.MustParsePrefix("2001:db8::/32"), "documentation"},
	{sixToFour, "6to4"},
	{netip.MustParsePrefix("2620:4f:8000::/48"), "AS112"},
	{netip.MustParsePrefix("3fff::/20"), "documentation"},
	{netip.MustParsePrefix("5f00::/16"), "segment routing"},
	{netip.MustParsePrefix("fc00::/7"), "unique local"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("fec0::/10"), "site-local"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
}

// rangeOf names the range of an address that is refused.
func rangeOf(addr netip.Addr) string {
	for _, r := range ranges {
		if r.prefix.Contains(addr) {
			return fmt.Sprintf("%s %s", r.name, r.prefix)
		}
	}
	if addr.Is6() && !ssrfguard.IPv6GlobalUnicast.Contains(addr) {
		return fmt.Sprintf("outside of %s, which is all that is public", ssrfguard.IPv6GlobalUnicast)
	}
	return "reserved"
}
