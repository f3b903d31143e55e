package webhook

import (
	"errors"
	"slices"
	"time"
)

const (
	// DefaultTolerance is how far a timestamp may be off, both ways. Five
	// minutes is what the spec's own libraries allow.
	DefaultTolerance = 5 * time.Minute
	// DefaultMaxBody is how many bytes of a body the middleware reads. It is
	// well above the 20 kB that the spec advises (section "Payload size").
	DefaultMaxBody = 1 << 20
)

// Option changes a Verifier from its defaults.
type Option func(*Verifier) error

// WithScheme sets how deliveries are signed and read. It must pass Validate.
// The default is Standard.
func WithScheme(s Scheme) Option {
	return func(v *Verifier) error {
		v.scheme = s
		v.scheme.Required = slices.Clone(s.Required) // The caller's may change.
		return v.scheme.Validate()
	}
}

// WithPublicKeys has v1a signatures of these keys accepted too. They are for
// Standard Webhooks only. NewVerifier then needs no secrets.
func WithPublicKeys(keys ...PublicKey) Option {
	return func(v *Verifier) error {
		v.public = append(v.public, keys...)
		return nil
	}
}

// WithTolerance sets how far a timestamp may lie in the past or the future.
// It must be above zero. The default is DefaultTolerance. Schemes that sign no
// time have no use for it.
func WithTolerance(d time.Duration) Option {
	return func(v *Verifier) error {
		if d <= 0 {
			return errors.New("webhook: tolerance must be above zero")
		}
		v.tolerance = d
		return nil
	}
}

// WithClock sets where the present comes from. The default is time.Now.
func WithClock(now func() time.Time) Option {
	return func(v *Verifier) error {
		if now == nil {
			return errors.New("webhook: clock must not be nil")
		}
		v.now = now
		return nil
	}
}

// WithMaxBody sets how many bytes of a body the middleware reads before it
// answers 413. It must be above zero. The default is DefaultMaxBody.
func WithMaxBody(bytes int64) Option {
	return func(v *Verifier) error {
		if bytes <= 0 {
			return errors.New("webhook: body limit must be above zero")
		}
		v.maxBody = bytes
		return nil
	}
}
