package client

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// core is what all groups of methods share. It is not changed once it is made.
type core struct {
	base      *url.URL
	authorize func(*http.Request) // holds the key where nothing prints it
	http      *http.Client
	tenant    string // "" for the key's own
	userAgent string
	// maxElapsed bounds the retries of a call; 0 for none.
	maxElapsed time.Duration
}

// attemptTimeout bounds one attempt. A test of a subscription may take the
// longest: the server waits for its endpoint.
const attemptTimeout = 60 * time.Second

func newHTTPClient() *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	return &http.Client{
		Timeout: attemptTimeout, CheckRedirect: neverFollow,
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 90 * time.Second, MaxIdleConnsPerHost: 16,
		},
	}
}

func neverFollow(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// parseBase leaves the URL out of its errors: it may hold a password.
func parseBase(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(strings.TrimRight(text, "/"), "/v1"))
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, errors.New("client: the base URL must look like https://host or http://host:8080")
	case u.User != nil:
		return nil, errors.New("client: the base URL must have no user or password; give the API key instead")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("client: the base URL must have no query and no fragment")
	}
	return u, nil
}

// bearer keeps the key in a closure: no way of printing a struct shows it.
func bearer(key string) (func(*http.Request), error) {
	if key == "" || !printable(key) || strings.Contains(key, " ") {
		return nil, errors.New("client: the API key must be printable ASCII without spaces, and not empty")
	}
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+key) }, nil
}

func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}
