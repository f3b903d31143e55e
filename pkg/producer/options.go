package producer

import (
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/propagation"
)

const (
	// DefaultMaxElapsed bounds a call that keeps failing. It outlasts the 5 to
	// 8 s that a cluster takes to choose a new stream leader.
	DefaultMaxElapsed = 30 * time.Second
	// DefaultAckWait bounds one attempt. It is what NATS clients wait by
	// default for an answer from JetStream.
	DefaultAckWait = 5 * time.Second
)

// Option changes a Producer from its defaults.
type Option func(*Producer) error

// WithMaxElapsed bounds a whole call of Publish or PublishAll, retries and
// all. It must be above zero. The default is DefaultMaxElapsed.
func WithMaxElapsed(d time.Duration) Option {
	return func(p *Producer) error {
		if d <= 0 {
			return errors.New("producer: max elapsed must be above zero")
		}
		p.maxElapsed = d
		return nil
	}
}

// WithAckWait sets how long one attempt waits for the stream's answer. It must
// be above zero. The default is DefaultAckWait.
func WithAckWait(d time.Duration) Option {
	return func(p *Producer) error {
		if d <= 0 {
			return errors.New("producer: ack wait must be above zero")
		}
		p.ackWait = d
		return nil
	}
}

// WithPropagator sets what writes the caller's trace into the headers. The
// default is propagation.TraceContext{}, which is W3C Trace Context.
func WithPropagator(propagator propagation.TextMapPropagator) Option {
	return func(p *Producer) error {
		if propagator == nil {
			return errors.New("producer: propagator must not be nil")
		}
		p.propagator = propagator
		return nil
	}
}

// WithLogger sets where retries are told of, at level Warn. By default nowhere.
func WithLogger(log *slog.Logger) Option {
	return func(p *Producer) error {
		if log == nil {
			return errors.New("producer: logger must not be nil")
		}
		p.log = log
		return nil
	}
}

// WithClock sets where the time of events without one comes from. The default
// is time.Now.
func WithClock(now func() time.Time) Option {
	return func(p *Producer) error {
		if now == nil {
			return errors.New("producer: clock must not be nil")
		}
		p.now = now
		return nil
	}
}
