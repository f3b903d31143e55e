// Package ssrf decides which addresses endpoints may have. It is asked when a
// subscription is made and again for the very address that is dialled, so that
// a host name which changes its mind in between gets nowhere.
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
	"syscall"

	ssrfguard "code.dny.dev/ssrf"
)

// Config opens what is shut by default.
type Config struct {
	AllowInsecure bool           `name:"allow-insecure-endpoints" group:"Endpoints" help:"Allow http:// endpoints beside https://." default:"false"`
	AllowNetworks []netip.Prefix `name:"allow-networks" group:"Endpoints" unit:"CIDR list" help:"Networks that endpoints may be in although they are private or reserved."`
}

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

// maxURL is the longest URL in bytes; common servers refuse longer ones.
const maxURL = 2048

// Resolver looks up host names; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Guard judges URLs and addresses. Safe for concurrent use.
type Guard struct {
	cfg      Config
	guardian *ssrfguard.Guardian
	resolver Resolver
}

// New makes a guard. resolver may be nil for the system's.
func New(cfg Config, resolver Resolver) *Guard {
	var v4, v6 []netip.Prefix
	for _, p := range cfg.AllowNetworks {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	return &Guard{
		cfg:      cfg,
		resolver: resolver,
		guardian: ssrfguard.New(
			ssrfguard.WithAnyPort(),
			ssrfguard.WithAllowedV4Prefixes(v4...),
			ssrfguard.WithAllowedV6Prefixes(v6...),
			// Azure's metadata and DNS address is public by its number.
			ssrfguard.WithDeniedV4Prefixes(netip.MustParsePrefix("168.63.129.16/32")),
		),
	}
}

// CheckURL judges an endpoint's URL and every address that its host has now.
// Errors: ErrURL, ErrScheme, ErrPrivate, ErrUnresolved.
func (g *Guard) CheckURL(ctx context.Context, raw string) error {
	u, err := g.CheckForm(raw)
	if err != nil {
		return err
	}
	host := strings.TrimSuffix(u.Hostname(), ".")
	if addr, err := netip.ParseAddr(host); err == nil {
		return g.checkAddr(addr)
	}
	if strings.EqualFold(host, "localhost") && !slices.ContainsFunc(g.cfg.AllowNetworks, isLoopback) {
		return ErrPrivate
	}
	addrs, err := g.resolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(addrs) == 0 {
		return ErrUnresolved
	}
	for _, addr := range addrs {
		if err := g.checkAddr(addr); err != nil {
			return err
		}
	}
	return nil
}

// isLoopback also holds for a wider prefix, such as 0.0.0.0/0.
func isLoopback(p netip.Prefix) bool {
	return p.Contains(netip.AddrFrom4([4]byte{127, 0, 0, 1})) || p.Contains(netip.IPv6Loopback())
}

// CheckForm judges what can be told from the URL alone.
func (g *Guard) CheckForm(raw string) (*url.URL, error) {
	if len(raw) > maxURL {
		return nil, fmt.Errorf("%w: it has more than %d bytes", ErrURL, maxURL)
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: it cannot be parsed", ErrURL)
	case u.Scheme != "https" && (u.Scheme != "http" || !g.cfg.AllowInsecure):
		return nil, ErrScheme
	case u.Hostname() == "":
		return nil, fmt.Errorf("%w: it has no host", ErrURL)
	case u.User != nil:
		return nil, fmt.Errorf("%w: it holds a user name; use a header instead", ErrURL)
	case u.Fragment != "":
		return nil, fmt.Errorf("%w: it has a fragment (#), which is never sent", ErrURL)
	}
	return u, nil
}

func (g *Guard) checkAddr(addr netip.Addr) error {
	if err := g.guardian.SafeAddr(addr.Unmap()); err != nil {
		return ErrPrivate
	}
	return nil
}

// Control is a net.Dialer's: it judges the address that is about to be
// dialled.
func (g *Guard) Control(network, address string, conn syscall.RawConn) error {
	if err := g.guardian.Safe(network, address, conn); err != nil {
		return ErrPrivate
	}
	return nil
}
