package eventlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/event"
)

// Errors that callers tell apart.
var (
	// ErrExpired is a cursor from which events may be missing: some after it
	// are no longer kept, or it is not of this stream.
	ErrExpired = errors.New("the cursor has expired")
	// ErrGone is an event that is not in EVENTS, or not any more.
	ErrGone = errors.New("the event is no longer kept")
)

// Log reads EVENTS. Safe for concurrent use.
type Log struct {
	bus    *bus.Bus
	limits event.Limits
}

// New makes a log. limits are those of the router, so that both read the same
// events and skip the same unreadable ones.
func New(b *bus.Bus, limits event.Limits) *Log { return &Log{bus: b, limits: limits} }

// Entry is an event in its place.
type Entry struct {
	Event    *posthastev1.Event
	Sequence uint64
	Stored   time.Time // when the stream took it
	// Header is the event's W3C trace context, nil where there is none. It has
	// room for a Msg-Id.
	Header nats.Header
	// TraceParent is the header of that name, or empty.
	TraceParent string
}

// Bounds are the places of the first event that is kept and of the last that
// was stored. Where nothing is kept first is last+1.
func (l *Log) Bounds(ctx context.Context) (first, last uint64, err error) {
	stream, err := l.stream(ctx)
	if err != nil {
		return 0, 0, err
	}
	first, last = bounds(stream)
	return first, last, nil
}

// Get reads the event at sequence. The error is ErrGone where there is none,
// and one of package event where it cannot be read.
func (l *Log) Get(ctx context.Context, sequence uint64) (Entry, error) {
	if sequence == 0 {
		return Entry{}, ErrGone // the server would call it a bad request
	}
	stream, err := l.stream(ctx)
	if err != nil {
		return Entry{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	msg, err := stream.GetMsg(ctx, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Entry{}, ErrGone
	}
	if err != nil {
		return Entry{}, fmt.Errorf("read event %d: %w", sequence, err)
	}
	entry, err := l.entry(message(msg))
	if err != nil {
		return Entry{}, fmt.Errorf("read event %d: %w", sequence, err)
	}
	return entry, nil
}

// askTimeout bounds each question to the server. One that is under way when the
// connection is lost is never answered.
const askTimeout = 3 * time.Second

// stream looks at EVENTS as it is now. The stream's leader answers that.
func (l *Log) stream(ctx context.Context) (jetstream.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	stream, err := l.bus.JS.Stream(ctx, bus.StreamEvents)
	if err != nil {
		return nil, fmt.Errorf("look at stream %s: %w", bus.StreamEvents, err)
	}
	return stream, nil
}

func bounds(stream jetstream.Stream) (first, last uint64) {
	state := stream.CachedInfo().State
	return max(1, state.FirstSeq), state.LastSeq // a stream that is new has no first
}

func message(m *jetstream.RawStreamMsg) event.Message {
	return event.Message{Subject: m.Subject, Header: m.Header, Data: m.Data, Stored: m.Time, Sequence: m.Sequence}
}

func (l *Log) entry(m event.Message) (Entry, error) {
	e, err := event.ReadMessage(m, l.limits)
	if err != nil {
		return Entry{}, err
	}
	header := bus.EventTrace(m.Header)
	return Entry{
		Event: e, Sequence: m.Sequence, Stored: m.Stored,
		Header: header, TraceParent: header.Get(bus.HeaderTraceparent),
	}, nil
}
