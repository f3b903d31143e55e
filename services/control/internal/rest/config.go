package rest

import (
	"context"
	"fmt"
	"time"

	"github.com/posthaste/posthaste/services/internal/settings"
)

// Config bounds what every request may take.
type Config struct {
	MaxBodyBytes   settings.Bytes `name:"control-max-body-bytes" group:"Control" unit:"bytes" help:"Size of a request's body." default:"256KiB"`
	StoreTimeout   time.Duration  `name:"control-store-timeout" group:"Control" unit:"duration" help:"How long a request waits for JetStream or the history before it is answered 503." default:"5s"`
	RequestTimeout time.Duration  `name:"control-request-timeout" group:"Control" unit:"duration" help:"How long a request may take in all, but for a stream; then it is answered 503. A test of an endpoint takes up to request-timeout and a little." default:"50s"`
	ApplyTimeout   time.Duration  `name:"control-apply-timeout" group:"Control" unit:"duration" help:"How long the answer to a change waits until this process acts on it; then it is given anyway." default:"2s"`
}

// Validate names the first setting that cannot work.
func (c *Config) Validate() error {
	if c.MaxBodyBytes < settings.KiB {
		return fmt.Errorf("control-max-body-bytes: must be at least 1KiB, is %s", c.MaxBodyBytes)
	}
	for _, s := range []struct {
		name  string
		value time.Duration
	}{{"control-store-timeout", c.StoreTimeout}, {"control-apply-timeout", c.ApplyTimeout}, {"control-request-timeout", c.RequestTimeout}} {
		if s.value < 10*time.Millisecond {
			return fmt.Errorf("%s: must be at least 10ms, is %s", s.name, s.value)
		}
	}
	return nil
}

// Within holds that a request is answered before the server cuts it off.
func (c *Config) Within(write time.Duration) error {
	if write <= c.RequestTimeout {
		return fmt.Errorf("http-write-timeout: must be above control-request-timeout (%s), is %s", c.RequestTimeout, write)
	}
	return nil
}

// Applied waits until this process acts on a change that is stored, or for
// ApplyTimeout: a watch that lags is no reason to call the change failed. It
// says whether it is in effect.
func (c *Config) Applied(ctx context.Context, wait func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.ApplyTimeout)
	defer cancel()
	return wait(ctx)
}
