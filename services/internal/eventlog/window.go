package eventlog

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// window is a Range in places of the stream as it was at one moment.
type window struct {
	stream  jetstream.Stream
	wants   func(eventType string) bool
	filters []string
	next    uint64 // the first place that was not looked at
	through uint64 // the last that is read
	last    uint64 // the last that was stored
}

// open looks at the stream and turns times into places.
func (l *Log) open(ctx context.Context, r *Range) (*window, error) {
	filters, err := r.filters()
	if err != nil {
		return nil, err
	}
	stream, err := l.stream(ctx)
	if err != nil {
		return nil, err
	}
	first, last := bounds(stream)
	if err := checkCursor(r.After, first, last); err != nil {
		return nil, err
	}
	w := &window{stream: stream, wants: r.wants, filters: filters, next: max(first, r.After+1), through: math.MaxUint64, last: last}
	if r.Through > 0 {
		w.through = r.Through
	}
	if err := l.bound(ctx, w, r); err != nil {
		return nil, err
	}
	return w, nil
}

// checkCursor tells a cursor that nothing was missed after. One beyond the
// stream is of another: what that held is lost, and this one's events up to
// the cursor would be passed over.
func checkCursor(after, first, last uint64) error {
	switch {
	case after == 0:
		return nil
	case after+1 < first:
		return fmt.Errorf("%w: it is %d, and the first event that is kept is %d", ErrExpired, after, first)
	case after > last:
		return fmt.Errorf("%w: it is %d, and the last event is %d; the stream was made anew", ErrExpired, after, last)
	}
	return nil
}

// bound narrows the window to the times of the range.
func (l *Log) bound(ctx context.Context, w *window, r *Range) error {
	if !r.Since.IsZero() {
		since, err := l.sequenceAt(ctx, r.Since, w.last)
		if err != nil {
			return err
		}
		w.next = max(w.next, since)
	}
	if r.Until.IsZero() {
		return nil
	}
	until, err := l.sequenceAt(ctx, r.Until, w.last)
	if err != nil {
		return err
	}
	// Where the server's clock has not come to Until, more may be stored.
	if until <= w.last || w.stream.CachedInfo().TimeStamp.After(r.Until.Add(settled)) {
		w.through = min(w.through, until-1)
	}
	return nil
}

// settled is how long after a moment nothing is stored any more with a time
// before it.
const settled = time.Second

// ended says that nothing more can come into the window.
func (w *window) ended() bool { return w.next > w.through }

// end is the last place in the window that holds something now. What comes
// meanwhile is of another look: it may be outside of the range's times.
func (w *window) end() uint64 { return min(w.last, w.through) }
