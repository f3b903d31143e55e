package dispatcher

import (
	"fmt"
	"net/url"

	"github.com/posthaste/posthaste/services/internal/settings"
)

// EgressConfig bounds and leads the connections to endpoints.
type EgressConfig struct {
	Proxy            settings.SecretURL `name:"egress-proxy" group:"Dispatcher" unit:"URL" help:"HTTP proxy that all POSTs go through, http:// or https://, with user and password where it wants them. It must allow CONNECT to the addresses of endpoints. Empty: none; HTTP_PROXY and the like are not looked at."`
	MaxConnsPerHost  int                `name:"max-conns-per-host" group:"Dispatcher" unit:"count" help:"Connections to one host and port at once, of all subscriptions together, from one dispatcher. What finds none free waits within its timeout. 0 for any number." default:"512"`
	MaxAnswerHeaders settings.Bytes     `name:"max-answer-header-bytes" group:"Dispatcher" unit:"bytes" help:"Size of an answer's headers. An answer with more is a failure." default:"64KiB"`
	MaxTLSEndpoints  int                `name:"max-tls-endpoints" group:"Dispatcher" unit:"count" help:"Subscriptions with TLS of their own whose connections are kept. Those of the one that was idle longest go first." default:"256"`
}

// Validate names the first setting that cannot work.
func (c *EgressConfig) Validate() error {
	switch {
	case c.MaxConnsPerHost < 0:
		return fmt.Errorf("max-conns-per-host: must not be negative, is %d", c.MaxConnsPerHost)
	case c.MaxAnswerHeaders < 4*settings.KiB || c.MaxAnswerHeaders > settings.MiB:
		return fmt.Errorf("max-answer-header-bytes: must be 4KiB to 1MiB, is %s", c.MaxAnswerHeaders)
	case c.MaxTLSEndpoints < 1:
		return fmt.Errorf("max-tls-endpoints: must be at least 1, is %d", c.MaxTLSEndpoints)
	}
	return c.checkProxy()
}

func (c *EgressConfig) checkProxy() error {
	if c.Proxy == "" {
		return nil
	}
	u, err := url.Parse(c.Proxy.Reveal())
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return settings.Wrong("egress-proxy", "a URL such as http://user:password@proxy.example:3128")
	}
	return nil
}

// proxy is nil where there is none.
func (c *EgressConfig) proxy() *url.URL {
	if c.Proxy == "" || c.checkProxy() != nil {
		return nil
	}
	u, _ := url.Parse(c.Proxy.Reveal())
	return u
}
