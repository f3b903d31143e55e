package notify

import (
	"fmt"
	"strings"
	"time"

	"github.com/posthaste/posthaste/services/internal/settings"
)

// Config says who is told, and how patiently.
type Config struct {
	URLs     []settings.Secret `name:"notify-urls" group:"Notifications" sep:" " help:"Where the operator is told of subscriptions that were disabled for failing: shoutrrr URLs such as smtp://… or slack://…, with spaces between, or one a line in the file. Empty: nowhere."`
	Timeout  time.Duration     `name:"notify-timeout" group:"Notifications" unit:"duration" help:"How long one try to send one message may take." default:"10s"`
	Attempts int               `name:"notify-attempts" group:"Notifications" unit:"count" help:"How often a message is tried, 1s, 3s, 9s, … and at the most 5m apart; 8 take 11 minutes." default:"8"`
}

const (
	maxTimeout  = 5 * time.Minute
	maxAttempts = 1000
)

// Validate names the first setting that cannot work. It reads every URL as its
// service does and connects to nothing.
func (c *Config) Validate() error {
	if _, err := c.receivers(); err != nil {
		return err
	}
	switch {
	case c.Timeout < time.Millisecond || c.Timeout > maxTimeout:
		return fmt.Errorf("notify-timeout: must be from 1ms to %s, is %s", maxTimeout, c.Timeout)
	case c.Attempts < 1 || c.Attempts > maxAttempts:
		return fmt.Errorf("notify-attempts: must be from 1 to %d, is %d", maxAttempts, c.Attempts)
	}
	return nil
}

// receivers makes one of each URL. Its errors hold nothing of a URL but the
// scheme.
func (c *Config) receivers() ([]*receiver, error) {
	urls := c.split()
	all := make([]*receiver, 0, len(urls))
	for i, text := range urls {
		r, err := newReceiver(text)
		if err != nil {
			return nil, fmt.Errorf("notify-urls: URL %d of %d: %w", i+1, len(urls), err)
		}
		r.name = fmt.Sprintf("URL %d (%s)", i+1, r.scheme)
		all = append(all, r)
	}
	return all, nil
}

// split also takes the URLs apart that a file has on lines of their own.
func (c *Config) split() []string {
	var urls []string
	for _, part := range c.URLs {
		urls = append(urls, strings.Fields(part.Reveal())...)
	}
	return urls
}
