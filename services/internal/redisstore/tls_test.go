package redisstore

import (
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// A server that asks for certificates: only the right ones get in, and we speak
// to no other server.
func TestTLS(t *testing.T) {
	t.Parallel()
	ours, others := testbed.NewAuthority(t), testbed.NewAuthority(t)
	server := miniredis.NewMiniRedis()
	if err := server.StartTLS(ours.Server(t)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	cert, key := ours.Issue(t, "service")
	strange, strangeKey := others.Issue(t, "stranger")
	for name, c := range map[string]struct {
		ca, cert, key string
		ok            bool
	}{
		"both":                {ours.CA, cert, key, true},
		"no certificate":      {ours.CA, "", "", false},
		"of another":          {ours.CA, strange, strangeKey, false},
		"a server of another": {others.CA, cert, key, false},
		"unknown authority":   {"", cert, key, false},
	} {
		cfg := settings.Defaults[Config]()
		cfg.RedisURL, cfg.RedisTimeout = settings.SecretURL("rediss://"+server.Addr()), 5*time.Second
		cfg.RedisCA, cfg.RedisCert, cfg.RedisKey = c.ca, c.cert, c.key
		if err := cfg.Validate(); err != nil {
			t.Fatal(err)
		}
		s, err := New(cfg, quiet())
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := s.Failed(t.Context(), "d", "s"); ok != c.ok {
			t.Errorf("%s: answered %t", name, ok)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestValidateTLS(t *testing.T) {
	t.Parallel()
	authority := testbed.NewAuthority(t)
	cert, key := authority.Issue(t, "service")
	for want, change := range map[string]func(*Config){
		"redis-url: must begin with rediss://":  func(c *Config) { c.RedisURL, c.RedisCA = "redis://h", authority.CA },
		"redis-ca: open ":                       func(c *Config) { c.RedisCA = "nowhere" },
		"redis-ca: " + key + " holds no PEM":    func(c *Config) { c.RedisCA = key },
		"redis-key: is required":                func(c *Config) { c.RedisCert = cert },
		"redis-cert and redis-key: open nowher": func(c *Config) { c.RedisCert, c.RedisKey = "nowhere", key },
	} {
		cfg := settings.Defaults[Config]()
		cfg.RedisURL = "rediss://h:6379/0"
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
