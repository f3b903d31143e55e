package redisstore

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/tlsfiles"
)

// Config says how to reach Redis and how long its keys live.
type Config struct {
	RedisURL     settings.SecretURL `name:"redis-url" group:"Redis" help:"Redis address: redis:// or rediss://. Empty: the embedded one in dev, else redis://127.0.0.1:6379/0."`
	RedisCA      string             `name:"redis-ca" group:"Redis" unit:"path" help:"CA file for TLS to Redis (rediss://); empty for the system's."`
	RedisCert    string             `name:"redis-cert" group:"Redis" unit:"path" help:"File with the certificate that Redis is shown, in PEM. Needs redis-key."`
	RedisKey     string             `name:"redis-key" group:"Redis" unit:"path" help:"File with its private key, in PEM."`
	RedisTimeout time.Duration      `name:"redis-timeout" group:"Redis" unit:"duration" help:"Longest that one pipeline may take." default:"500ms"`
	DedupTTL     time.Duration      `name:"dedup-ttl" group:"Redis" unit:"duration" help:"How long a delivered delivery is remembered. Longer than any event may be handed out again." default:"5m"`
	FailureTTL   time.Duration      `name:"failure-ttl" group:"Redis" unit:"duration" help:"How long a subscription's count of failures is kept without a new one." default:"168h"`
}

// Validate names the first setting that cannot work.
func (c *Config) Validate() error {
	if _, err := c.options(); err != nil {
		return err
	}
	switch {
	case c.RedisTimeout < time.Millisecond:
		return fmt.Errorf("redis-timeout: must be at least 1ms, is %s", c.RedisTimeout)
	case c.DedupTTL < time.Second:
		return fmt.Errorf("dedup-ttl: must be at least 1s, is %s", c.DedupTTL)
	case c.FailureTTL < time.Minute:
		return fmt.Errorf("failure-ttl: must be at least 1m, is %s", c.FailureTTL)
	}
	return nil
}

// tls adds the files to what the address says, which is nil for no TLS.
func (c *Config) tls(fromURL *tls.Config) (*tls.Config, error) {
	files := tlsfiles.Files{Prefix: "redis", CA: c.RedisCA, Cert: c.RedisCert, Key: c.RedisKey}
	if fromURL == nil {
		if files.Set() {
			return nil, errors.New("redis-url: must begin with rediss:// where redis-ca, redis-cert or redis-key is set: redis:// is without TLS")
		}
		return nil, nil
	}
	cfg, err := files.Config()
	if err != nil {
		return nil, err
	}
	cfg.ServerName = fromURL.ServerName
	return cfg, nil
}

// options reads the address and the files. The cause of an error may hold the password.
func (c *Config) options() (*redis.Options, error) {
	opts, err := redis.ParseURL(cmp.Or(c.RedisURL.Reveal(), "redis://127.0.0.1:6379/0"))
	if err != nil {
		return nil, errors.New("redis-url: must look like redis://host:6379/0 or rediss://host:6379/0")
	}
	if opts.TLSConfig, err = c.tls(opts.TLSConfig); err != nil {
		return nil, err
	}
	opts.DialTimeout = c.RedisTimeout
	opts.ReadTimeout = c.RedisTimeout
	opts.WriteTimeout = c.RedisTimeout
	opts.ContextTimeoutEnabled = true // the timeout is the pipeline's, not each read's
	opts.DialerRetries = 1            // the circuit decides, not each dial
	opts.MaxRetries = -1              // nor each command
	opts.PoolSize = 8                 // batches go through a few connections
	// A managed Redis may announce its maintenance; the circuit is enough.
	opts.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return opts, nil
}
