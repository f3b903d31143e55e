package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v4"
)

const (
	firstWait = 200 * time.Millisecond
	maxWait   = 5 * time.Second
)

// retry calls attempt until it succeeds, fails for good, or the time is over.
// It returns the last failure; where ctx ended, the error matches ctx's too.
func (c *core) retry(ctx context.Context, once bool, attempt func() error) error {
	started := time.Now()
	waits := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(firstWait), backoff.WithMaxInterval(maxWait), backoff.WithMaxElapsedTime(0))
	for {
		err := attempt()
		after, passes := passing(err, once)
		if err == nil || !passes {
			return err
		}
		wait := max(waits.NextBackOff(), after)
		if ctx.Err() == nil && time.Since(started)+wait > c.maxElapsed {
			return err
		}
		if stopped := sleep(ctx, wait); stopped != nil {
			return because(stopped, err)
		}
	}
}

// because names what ended a call, unless the failure says so itself.
func because(stopped, failure error) error {
	if errors.Is(failure, stopped) {
		return failure
	}
	return fmt.Errorf("%w, after: %w", stopped, failure)
}

// passing says whether a failure may pass by itself, and the time that the
// server asks for.
func passing(err error, once bool) (after time.Duration, passes bool) {
	var refused *Error
	var gone *lostError
	switch {
	case errors.As(err, &refused):
		return refused.RetryAfter, refused.passes()
	case errors.As(err, &gone):
		return 0, !untrusted(err) && (!once || neverArrived(err))
	}
	return 0, false
}

// passes says whether the server wants the call again: it is busy or away, or
// the call whose answer was lost is still being done. Of the conflicts only that
// one names a time.
func (e *Error) passes() bool {
	switch e.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return true
	case http.StatusConflict:
		return e.RetryAfter > 0
	default:
		return false
	}
}

// untrusted says that the server's certificate was refused, as it will be the
// next time.
func untrusted(err error) bool {
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &certificate)
}

// neverArrived says that there was no connection to send the request on.
func neverArrived(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// sleep returns ctx's error where that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
