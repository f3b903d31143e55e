package httpserver

import (
	"errors"
	"fmt"
	"time"

	"github.com/posthaste/posthaste/services/internal/settings"
)

// Config bounds what a client may take of a server, by being slow or by being
// large. An honest client reaches none of it.
type Config struct {
	HeaderTimeout  time.Duration  `name:"http-header-timeout" group:"HTTP" unit:"duration" help:"How long the headers of a request may take to arrive." default:"10s"`
	ReadTimeout    time.Duration  `name:"http-read-timeout" group:"HTTP" unit:"duration" help:"How long a request may take to arrive, with its body." default:"60s"`
	WriteTimeout   time.Duration  `name:"http-write-timeout" group:"HTTP" unit:"duration" help:"How long a request may take from its headers to the end of its answer. Each frame of a stream has 30s." default:"90s"`
	IdleTimeout    time.Duration  `name:"http-idle-timeout" group:"HTTP" unit:"duration" help:"How long a connection may wait for its next request." default:"120s"`
	MaxHeaderBytes settings.Bytes `name:"http-max-header-bytes" group:"HTTP" unit:"bytes" help:"Size of a request's first line and headers. More is answered 431." default:"64KiB"`
	MaxURLBytes    settings.Bytes `name:"http-max-url-bytes" group:"HTTP" unit:"bytes" help:"Size of a request's path and query. More is answered 414." default:"8KiB"`
	MaxConnections int            `name:"http-max-connections" group:"HTTP" unit:"count" help:"Connections at once. Others wait until one is closed." default:"10000"`
}

// Defaults are those of the settings.
func Defaults() Config { return settings.Defaults[Config]() }

// Validate names the settings that cannot work.
func (c *Config) Validate() error {
	var errs []error
	for _, s := range []struct {
		name  string
		value time.Duration
	}{
		{"http-header-timeout", c.HeaderTimeout},
		{"http-read-timeout", c.ReadTimeout},
		{"http-write-timeout", c.WriteTimeout},
		{"http-idle-timeout", c.IdleTimeout},
	} {
		if s.value < 100*time.Millisecond {
			errs = append(errs, fmt.Errorf("%s: must be at least 100ms, is %s", s.name, s.value))
		}
	}
	if c.ReadTimeout < c.HeaderTimeout {
		errs = append(errs, fmt.Errorf("http-read-timeout: must be at least http-header-timeout (%s), is %s", c.HeaderTimeout, c.ReadTimeout))
	}
	if c.MaxHeaderBytes < 4*settings.KiB || c.MaxHeaderBytes > settings.MiB {
		errs = append(errs, fmt.Errorf("http-max-header-bytes: must be 4KiB to 1MiB, is %s", c.MaxHeaderBytes))
	}
	if c.MaxURLBytes < settings.KiB || c.MaxURLBytes > c.MaxHeaderBytes {
		errs = append(errs, fmt.Errorf("http-max-url-bytes: must be 1KiB to http-max-header-bytes (%s), is %s", c.MaxHeaderBytes, c.MaxURLBytes))
	}
	if c.MaxConnections < 1 {
		errs = append(errs, fmt.Errorf("http-max-connections: must be at least 1, is %d", c.MaxConnections))
	}
	return errors.Join(errs...)
}
