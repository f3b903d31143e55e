// Package ssrf decides which addresses endpoints may have. There is one guard,
// and it is asked when a subscription is made, when it is tested and at each
// delivery. What it judged is what is dialled: a name is looked up once for a
// connection, so one that changes its mind gets nowhere.
package ssrf

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	ssrfguard "code.dny.dev/ssrf"
)

// What is told to whoever registers an endpoint. AI City's clients match these
// texts.
//
//nolint:staticcheck // capitals and all
var (
	ErrScheme     = errors.New("Webhook URL must use HTTPS")
	ErrPrivate    = errors.New("Webhook URL must not resolve to a private or reserved IP address")
	ErrUnresolved = errors.New("Webhook URL hostname could not be resolved")
)

// ErrURL is an address that is no URL of an endpoint at all.
var ErrURL = errors.New("not the URL of an endpoint")

// Resolver looks up host names; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Guard judges URLs and addresses. Safe for concurrent use.
type Guard struct {
	cfg      Config
	hosts    allowedHosts
	guardian *ssrfguard.Guardian
	resolver Resolver
}

// New makes a guard. resolver may be nil for the system's.
func New(cfg Config, resolver Resolver) *Guard {
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	return &Guard{
		cfg: cfg, hosts: newAllowedHosts(cfg.AllowHosts), resolver: resolver,
		guardian: ssrfguard.New(ssrfguard.WithDeniedV4Prefixes(azure), ssrfguard.WithDeniedV6Prefixes(ec2)),
	}
}

// CheckURL judges an endpoint's URL and every address that its host has now.
// Errors: ErrURL, ErrScheme, ErrPrivate, ErrUnresolved.
func (g *Guard) CheckURL(ctx context.Context, raw string) error { return g.Explain(ctx, raw).Err }

// Report is what the guard says of a URL, and why.
type Report struct {
	// URL is in the form that is dialled and sent, nil where it has none.
	URL *url.URL
	// Addresses are those that its host has now.
	Addresses []Judged
	// Err is why it is refused, nil where it is not. See CheckURL.
	Err error
}

// Explain is CheckURL with its reasons.
func (g *Guard) Explain(ctx context.Context, raw string) Report {
	u, err := g.CheckForm(raw)
	if err != nil {
		return Report{Err: err}
	}
	judged, err := g.look(ctx, u.Hostname())
	return Report{URL: u, Addresses: judged, Err: err}
}

// look judges every address that a host in canonical form has now. One that is
// refused refuses the host, with ErrPrivate. The other error is ErrUnresolved.
func (g *Guard) look(ctx context.Context, host string) ([]Judged, error) {
	if isLocalhost(host) && g.hosts.find(host) == "" && !slices.ContainsFunc(g.cfg.AllowNetworks, isLoopback) {
		return []Judged{{Rule: "localhost is this machine"}}, ErrPrivate
	}
	addrs, err := g.addresses(ctx, host)
	if err != nil {
		return nil, err
	}
	judged := make([]Judged, len(addrs))
	for i, addr := range addrs {
		judged[i] = g.judge(addr, host)
		if !judged[i].Allowed {
			err = ErrPrivate
		}
	}
	return judged, err
}

// addresses looks the host up, once.
func (g *Guard) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	addrs, err := g.resolver.LookupNetIP(ctx, "ip", host)
	if err == nil && len(addrs) == 0 {
		err = &net.DNSError{Err: "no address", Name: host, IsNotFound: true}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnresolved, withoutServer(err))
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	return addrs, nil
}

// withoutServer keeps our name server's address from those who read the
// records of their deliveries.
func withoutServer(err error) error {
	var dns *net.DNSError
	if !errors.As(err, &dns) || dns.Server == "" {
		return err
	}
	bare := *dns
	bare.Server = ""
	return &bare
}

// isLocalhost holds for the names that RFC 6761 gives to loopback.
func isLocalhost(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// isLoopback also holds for a wider prefix, such as 0.0.0.0/0.
func isLoopback(p netip.Prefix) bool {
	return p.Contains(netip.AddrFrom4([4]byte{127, 0, 0, 1})) || p.Contains(netip.IPv6Loopback())
}
