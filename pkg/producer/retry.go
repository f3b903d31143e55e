package producer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	firstWait = 50 * time.Millisecond
	maxWait   = 2 * time.Second
)

// ErrRefused is in the errors that a retry would not cure: the message is too
// large, the stream does not take it, or the connection is closed. What the
// server said is in the error too.
var ErrRefused = errors.New("refused")

// transient are the failures that pass by themselves: nobody was there, or
// nobody answered in time.
var transient = []error{
	jetstream.ErrNoStreamResponse,
	jetstream.ErrAsyncPublishTimeout,
	nats.ErrNoResponders,
	nats.ErrTimeout,
	nats.ErrDisconnected,
	nats.ErrConnectionReconnecting,
	nats.ErrReconnectBufExceeded,
	nats.ErrStaleConnection,
	context.DeadlineExceeded, // Of one attempt; the caller's is looked at first.
}

// storeFailed is the server's answer of a stream that is full and discards the
// new. Its code is 503, but only its owner can cure it.
const storeFailed jetstream.ErrorCode = 10077

// inProcess is a cluster's answer where it has the message from an earlier
// attempt and does not know yet whether it will be stored. Its code is 409, but
// it passes.
const inProcess jetstream.ErrorCode = 10158

// retry calls op until it succeeds, fails for good, ctx ends, or the time is
// over. It waits 50 ms to 2 s in between, longer each time and at random by
// half.
func (p *Producer) retry(ctx context.Context, op func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, p.maxElapsed)
	defer cancel()
	var last error
	err := backoff.RetryNotify(func() error {
		if last = op(bounded); last == nil || bounded.Err() == nil && passes(last) {
			return last
		}
		return backoff.Permanent(settle(bounded, last))
	}, p.schedule(bounded), func(err error, wait time.Duration) {
		p.log.WarnContext(ctx, "publish failed, retrying", "error", err, "wait", wait)
	})
	if last != nil && !errors.Is(err, last) {
		return fmt.Errorf("%w, after: %w", err, last)
	}
	return err
}

func (p *Producer) schedule(ctx context.Context) backoff.BackOff {
	return backoff.WithContext(backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(firstWait),
		backoff.WithMaxInterval(maxWait),
		backoff.WithMaxElapsedTime(p.maxElapsed),
	), ctx)
}

// settle names the end of a call: its time is over, or it was refused.
func settle(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", ErrRefused, err)
}

// passes reports whether the failure may pass by itself.
func passes(err error) bool {
	if api := (*jetstream.APIError)(nil); errors.As(err, &api) {
		busy := api.Code >= http.StatusInternalServerError || api.Code == http.StatusTooManyRequests
		return busy && api.ErrorCode != storeFailed || api.ErrorCode == inProcess
	}
	for _, t := range transient {
		if errors.Is(err, t) {
			return true
		}
	}
	return false
}
