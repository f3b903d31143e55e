package cli

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/settings"
)

// signedConfig says how this machine signs and POSTs.
type signedConfig struct {
	Dialects dialect.Config  `embed:""`
	Dialect  string          `name:"dialect" group:"Delivery" help:"How the delivery looks, such as neiracore. Empty: the default-dialect."`
	Secret   settings.Secret `name:"secret" group:"Delivery" secret:"" help:"Signs the delivery. Empty: one is made and shown."`
	Timeout  time.Duration   `name:"timeout" group:"Delivery" unit:"duration" help:"Longest that a POST and its answer may take." default:"10s"`
}

// Validate holds what a tag cannot.
func (c *signedConfig) Validate() error {
	if c.Timeout < time.Millisecond {
		return settings.Wrong("timeout", "1ms or more")
	}
	_, err := c.choose()
	return err
}

// choose gives the dialect.
func (c *signedConfig) choose() (*dialect.Dialect, error) {
	set, err := c.Dialects.Load()
	if err != nil {
		return nil, err
	}
	if c.Dialect == "" {
		return set.Default(), nil
	}
	d, ok := set.Get(c.Dialect)
	if !ok {
		return nil, fmt.Errorf("dialect: %.64q is not known; known are %q", c.Dialect, set.Names())
	}
	return d, nil
}

// sender makes the sender, and a secret where none is given, which is told.
func (t *Terminal) sender(c signedConfig, endpoint string) (*sender, error) {
	d, err := c.choose()
	if err != nil {
		return nil, err
	}
	secret := c.Secret.Reveal()
	if secret == "" {
		secret = webhook.NewSecret().Reveal()
		fmt.Fprintln(t.Err, "no secret is given, so this one signs:", secret)
	}
	signer, err := d.NewSigner(secret)
	if err != nil {
		return nil, err
	}
	return newSender(endpoint, d, signer, c.Timeout, t.Now), nil
}

// checkEndpoint allows this machine and http: it is the developer's own.
func checkEndpoint(setting, text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return settings.Wrong(setting, "a URL such as http://localhost:3000/api/webhook")
	}
	if u.User != nil {
		return errors.New(setting + ": must have no user or password")
	}
	return nil
}
