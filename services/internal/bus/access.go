package bus

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/posthaste/posthaste/services/internal/tlsfiles"
)

// checkURL refuses what the client could not read: its own error would quote
// the address, password and all.
func (c *Config) checkURL() error {
	if c.NATSURL.Reveal() == "" {
		return nil
	}
	for part := range strings.SplitSeq(c.NATSURL.Reveal(), ",") {
		part = strings.TrimSpace(part)
		if !strings.Contains(part, "://") {
			part = "nats://" + part // as the client does
		}
		u, err := url.Parse(part)
		if err != nil || u.Hostname() == "" {
			return errors.New("nats-url: must look like nats://host:4222, several of them with commas between; special characters of a password must be %-encoded")
		}
	}
	return nil
}

// checkAccess holds where the settings that waiting cannot change are usable.
func (c *Config) checkAccess() error {
	if err := c.checkURL(); err != nil {
		return err
	}
	if c.NATSCreds != "" {
		if _, err := os.ReadFile(c.NATSCreds); err != nil {
			return fmt.Errorf("nats-creds: %w", err)
		}
	}
	if c.NATSNKey != "" {
		if _, err := nats.NkeyOptionFromSeed(c.NATSNKey); err != nil {
			return fmt.Errorf("nats-nkey: %w", err)
		}
	}
	return c.files().Check()
}

func (c *Config) files() tlsfiles.Files {
	return tlsfiles.Files{Prefix: "nats", CA: c.NATSCA, Cert: c.NATSCert, Key: c.NATSKey}
}

// checkUser holds where one way to log in is named at the most.
func (c *Config) checkUser() error {
	var ways []string
	for name, given := range map[string]bool{
		"nats-creds": c.NATSCreds != "", "nats-nkey": c.NATSNKey != "", "nats-user": c.NATSUser != "",
		"nats-url (with a user in it)": strings.Contains(c.NATSURL.Reveal(), "@"),
	} {
		if given {
			ways = append(ways, name)
		}
	}
	slices.Sort(ways)
	switch {
	case len(ways) > 1:
		return fmt.Errorf("%s: cannot be set beside %s; log in to NATS in one way", ways[0], strings.Join(ways[1:], " and "))
	case c.NATSUser != "" && !c.NATSPass.Set():
		return errors.New("nats-password: is required with nats-user")
	case c.NATSUser == "" && c.NATSPass.Set():
		return errors.New("nats-user: is required with nats-password")
	}
	return c.files().Pair()
}

// access is how the client shows who it is, and how it knows the server.
func (c *Config) access() ([]nats.Option, error) {
	var opts []nats.Option
	if c.NATSCreds != "" {
		opts = append(opts, nats.UserCredentials(c.NATSCreds))
	}
	if c.NATSNKey != "" {
		option, err := nats.NkeyOptionFromSeed(c.NATSNKey)
		if err != nil {
			return nil, fmt.Errorf("nats-nkey: %w", err)
		}
		opts = append(opts, option)
	}
	if c.NATSUser != "" {
		opts = append(opts, nats.UserInfo(c.NATSUser, c.NATSPass.Reveal()))
	}
	if c.NATSCA != "" {
		opts = append(opts, nats.RootCAs(c.NATSCA))
	}
	if c.NATSCert != "" {
		opts = append(opts, nats.ClientCert(c.NATSCert, c.NATSKey))
	}
	return opts, nil
}
