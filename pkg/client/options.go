package client

import (
	"errors"
	"net/http"
	"time"
)

// DefaultMaxElapsed bounds a call that keeps failing. It outlasts the 5 to 8 s
// in which a cluster of brokers chooses a new leader.
const DefaultMaxElapsed = 30 * time.Second

const defaultUserAgent = "posthaste-client-go"

// Option changes a Client from its defaults.
type Option func(*core) error

// WithHTTPClient sets what makes the requests, with its transport and its
// timeout, which is for one attempt; streams have none. It is copied.
// Redirects are never followed: the key is for the base URL alone.
func WithHTTPClient(h *http.Client) Option {
	return func(c *core) error {
		if h == nil {
			return errors.New("client: the HTTP client must not be nil")
		}
		own := *h
		own.CheckRedirect = neverFollow
		c.http = &own
		return nil
	}
}

// WithTenant sets the tenant to act for. Only an operator's key may name
// another than its own. The default is the key's.
func WithTenant(tenant string) Option {
	return func(c *core) error {
		c.tenant = tenant
		return nil
	}
}

// WithRetry bounds a whole call, retries and the waits between them. 0 means
// that no call is made twice and that no stream is connected again. The default
// is DefaultMaxElapsed.
func WithRetry(maxElapsed time.Duration) Option {
	return func(c *core) error {
		if maxElapsed < 0 {
			return errors.New("client: the time for retries must not be below zero")
		}
		c.maxElapsed = maxElapsed
		return nil
	}
}

// WithUserAgent sets the User-Agent of every request.
func WithUserAgent(name string) Option {
	return func(c *core) error {
		if !printable(name) {
			return errors.New("client: the user agent must be printable ASCII")
		}
		c.userAgent = name
		return nil
	}
}
