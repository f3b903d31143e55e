package ssrf

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxURL is the longest URL in bytes; common servers refuse longer ones.
const maxURL = 2048

const maxPort = 65535

// CheckForm judges what can be told from the URL alone, and gives the URL with
// its host in the one form that is dialled and sent. Errors: ErrURL, ErrScheme,
// ErrPrivate.
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
	host, err := g.hostOf(u)
	if err != nil {
		return nil, err
	}
	return u, g.setHost(u, host)
}

// hostOf is the URL's host in its canonical form.
func (g *Guard) hostOf(u *url.URL) (string, error) {
	host := u.Hostname()
	if strings.HasPrefix(u.Host, "[") != strings.Contains(host, ":") {
		return "", fmt.Errorf("%w: brackets are for IPv6 addresses", ErrURL)
	}
	canonical, err := canonicalHost(host)
	var number *numberError
	switch {
	case errors.Is(err, errZone):
		return "", ErrPrivate // only addresses of the link have one
	case errors.As(err, &number) && number.addr.IsValid() && !g.judge(number.addr, "").Allowed:
		return "", ErrPrivate
	case err != nil:
		return "", fmt.Errorf("%w: %w", ErrURL, err)
	}
	return canonical, nil
}

// setHost writes the host back, with the port that was there.
func (g *Guard) setHost(u *url.URL, host string) error {
	port := u.Port()
	number := 443
	if u.Scheme == "http" {
		number = 80
	}
	if port != "" {
		var err error
		if number, err = strconv.Atoi(port); err != nil || number < 1 || number > maxPort {
			return fmt.Errorf("%w: its port is not 1 to %d", ErrURL, maxPort)
		}
	}
	if err := g.checkPort(number); err != nil {
		return err
	}
	switch {
	case port != "":
		u.Host = net.JoinHostPort(host, strconv.Itoa(number))
	case strings.Contains(host, ":"):
		u.Host = "[" + host + "]"
	default:
		u.Host = host
	}
	return nil
}

func (g *Guard) checkPort(port int) error {
	if len(g.cfg.AllowPorts) > 0 && !slices.Contains(g.cfg.AllowPorts, port) {
		return fmt.Errorf("%w: its port %d is not one of %v (allow-ports)", ErrURL, port, g.cfg.AllowPorts)
	}
	return nil
}
