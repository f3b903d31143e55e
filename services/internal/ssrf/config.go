package ssrf

import (
	"fmt"
	"net/netip"
	"strings"
)

// Config opens what is shut by default.
type Config struct {
	AllowInsecure bool           `name:"allow-insecure-endpoints" group:"Endpoints" help:"Allow http:// endpoints beside https://." default:"false"`
	AllowNetworks []netip.Prefix `name:"allow-networks" group:"Endpoints" unit:"CIDR list" help:"Networks that endpoints may be in although they are private or reserved."`
	AllowHosts    []string       `name:"allow-hosts" group:"Endpoints" unit:"host names" help:"Host names whose endpoints may have private or reserved addresses: exact, or *.example.internal for all below. Link-local addresses stay refused, for cloud metadata is there."`
	AllowPorts    []int          `name:"allow-ports" group:"Endpoints" unit:"ports" help:"Ports that endpoints may have, such as 443,8443. Empty: any."`
}

// Validate names the first setting that cannot work.
func (c *Config) Validate() error {
	for _, p := range c.AllowNetworks {
		if p.Addr().Is4In6() {
			return fmt.Errorf("allow-networks: %s is IPv4 in the dress of IPv6; write it as IPv4", p)
		}
	}
	for _, name := range c.AllowHosts {
		if err := checkAllowedHost(name); err != nil {
			return fmt.Errorf("allow-hosts: %.253q %w", name, err)
		}
	}
	for _, port := range c.AllowPorts {
		if port < 1 || port > maxPort {
			return fmt.Errorf("allow-ports: must be 1 to %d, is %d", maxPort, port)
		}
	}
	return nil
}

func checkAllowedHost(name string) error {
	host, err := canonicalHost(strings.TrimPrefix(name, anyBelow))
	switch {
	case err != nil:
		return fmt.Errorf("is no host name: %w", err)
	case isAddress(host):
		return errIsAddress
	}
	return nil
}

// anyBelow begins a pattern of all names below another.
const anyBelow = "*."

// allowedHosts are patterns in the form in which hosts are compared.
type allowedHosts []string

// newAllowedHosts leaves out what Validate refuses.
func newAllowedHosts(names []string) allowedHosts {
	var all allowedHosts
	for _, name := range names {
		stem, below := strings.CutPrefix(name, anyBelow)
		host, err := canonicalHost(stem)
		if err != nil || isAddress(host) {
			continue
		}
		if below {
			host = anyBelow + host
		}
		all = append(all, host)
	}
	return all
}

// find gives the pattern that the host matches, "" for none.
func (a allowedHosts) find(host string) string {
	for _, pattern := range a {
		suffix, below := strings.CutPrefix(pattern, "*")
		if pattern == host || below && strings.HasSuffix(host, suffix) {
			return pattern
		}
	}
	return ""
}
