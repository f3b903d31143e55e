package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// DefaultHeartbeat is how often the server is asked to show that it is there.
const DefaultHeartbeat = 15 * time.Second

// silentBeats is how many heartbeats may fail to come before the connection
// counts as dead.
const silentBeats = 3

const (
	defaultReconnect = time.Second
	maxReconnect     = 30 * time.Second
)

// ErrSilent is what a stream is connected again for when nothing came for three
// heartbeats.
var ErrSilent = errors.New("nothing came from the server, not even a heartbeat")

// errEnded: the server closed the stream, as it does when it stops.
var errEnded = errors.New("the server ended the stream")

// StreamOptions say what to stream.
type StreamOptions struct {
	// Types are exact or prefixes ("task.*"); none for all.
	Types []string
	// Cursor is where to begin; "" for what comes from now on.
	Cursor string
	// Heartbeat is in whole seconds; 0 for DefaultHeartbeat.
	Heartbeat time.Duration
	// OnReconnect, if not nil, is told why the stream broke and how long it is
	// waited before connecting again.
	OnReconnect func(cause error, wait time.Duration)
}

// Stream calls handle with each event as it comes, one after another. A stream
// that breaks is connected again where it broke, after a wait that grows; only
// WithRetry(0) makes that an error. Until the first event of a stream without a
// cursor has come, what happens between two connections may be missed.
//
// It returns what handle returns if that is an error, ctx's error when it ends,
// and an *Error for what the server refuses: it matches ErrCursorExpired where
// the events after the cursor are not kept any more.
func (s *EventsService) Stream(ctx context.Context, o StreamOptions, handle func(Event) error) error {
	if o.Heartbeat == 0 {
		o.Heartbeat = DefaultHeartbeat
	}
	if o.Heartbeat < time.Second || o.Heartbeat%time.Second != 0 {
		return errors.New("the heartbeat must be whole seconds")
	}
	st := &stream{core: s.core, options: o, handle: handle, retry: defaultReconnect}
	for {
		err := st.connect(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case !breaks(err) || s.core.maxElapsed == 0:
			return st.named(err)
		}
		if err := st.wait(ctx, err); err != nil {
			return err
		}
	}
}

// stream is one call of Stream.
type stream struct {
	core    *core
	options StreamOptions
	handle  func(Event) error

	lastID string        // of the last event that was handled
	retry  time.Duration // the first wait before connecting again
	waits  backoff.BackOff
}

// handleError is the caller's own.
type handleError struct{ error }

func (*stream) call() call { return call{method: http.MethodGet, path: []string{"events", "stream"}} }

func (st *stream) named(err error) error {
	if own := (handleError{}); errors.As(err, &own) {
		return own.error
	}
	k := st.call()
	return fmt.Errorf("%s: %w", k.name(), err)
}

// breaks says whether the stream is to be connected again.
func breaks(err error) bool {
	if refused := (*Error)(nil); errors.As(err, &refused) {
		return refused.Status == http.StatusTooManyRequests || refused.Status >= http.StatusInternalServerError
	}
	gone := (*lostError)(nil)
	return errors.As(err, &gone) && !untrusted(err)
}

// wait is longer each time, until an event comes.
func (st *stream) wait(ctx context.Context, cause error) error {
	if st.waits == nil {
		st.waits = backoff.NewExponentialBackOff(backoff.WithInitialInterval(st.retry),
			backoff.WithMaxInterval(max(st.retry, maxReconnect)), backoff.WithMaxElapsedTime(0))
	}
	after, _ := passing(cause, false)
	d := max(st.waits.NextBackOff(), after)
	if st.options.OnReconnect != nil {
		st.options.OnReconnect(cause, d)
	}
	return sleep(ctx, d)
}
