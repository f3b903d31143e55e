package bus

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
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
	if c.NATSCA == "" {
		return nil
	}
	pem, err := os.ReadFile(c.NATSCA)
	if err != nil {
		return fmt.Errorf("nats-ca: %w", err)
	}
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		return fmt.Errorf("nats-ca: %s holds no PEM certificate", c.NATSCA)
	}
	return nil
}
