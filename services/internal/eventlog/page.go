package eventlog

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/internal/event"
)

// MaxPage is how many events one page looks at, whatever was asked for.
const MaxPage = 1000

// Page returns events of the range in their order, up to limit, and the cursor
// to continue from. It is past events that did not match, or that could not be
// read: those are passed over, and count for the limit. A page may be shorter than
// limit though more follows, for its bytes are bounded too; more says whether
// something does.
//
// Errors: ErrExpired; those of package eventid and of a bad pattern, which
// name the field; else JetStream could not be asked.
func (l *Log) Page(ctx context.Context, r Range, limit int) (entries []Entry, next uint64, more bool, err error) {
	p, err := l.page(ctx, &r, limit)
	if err != nil {
		return nil, 0, false, err
	}
	return p.entries, p.cursor(), p.more, nil
}

// page is what was read at once.
type page struct {
	*window
	log     *Log
	limit   int
	entries []Entry
	seen    int // messages, the unreadable ones too
	more    bool
}

func (p *page) cursor() uint64 { return p.next - 1 }

func (l *Log) page(ctx context.Context, r *Range, limit int) (*page, error) {
	if limit < 1 {
		return nil, fmt.Errorf("limit: must be at least 1, is %d", limit)
	}
	w, err := l.open(ctx, r)
	if err != nil {
		return nil, err
	}
	p := &page{window: w, log: l, limit: min(limit, MaxPage)}
	if err := p.read(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// read takes a few events one by one, and only then makes a consumer for the
// rest. Nearly every poll finds nothing or one event: a consumer for each would
// cost the server more than the reading.
func (p *page) read(ctx context.Context) error {
	for p.seen < min(p.limit, p.few()) {
		if found, err := p.one(ctx); err != nil || !found {
			return err
		}
	}
	if p.seen == p.limit {
		msg, err := p.peek(ctx)
		p.more = msg != nil
		return err
	}
	return p.rest(ctx)
}

// few is how many events are read one by one: each costs a question for each
// subject.
func (p *page) few() int { return max(1, 4/len(p.filters)) }

// one takes the next event. Where there is none the cursor moves to the end,
// so that a reader of a quiet tenant does not expire. That is the word of the
// stream's leader, which has all that was stored before it was asked; a
// consumer may live on a server that lags behind.
func (p *page) one(ctx context.Context) (found bool, err error) {
	msg, err := p.peek(ctx)
	if err != nil {
		return false, err
	}
	if msg == nil {
		p.next = max(p.next, p.end()+1)
		return false, nil
	}
	p.take(message(msg))
	return true, nil
}

// peek reads the first message of the window; nil where there is none.
func (p *page) peek(ctx context.Context) (*jetstream.RawStreamMsg, error) {
	var first *jetstream.RawStreamMsg
	if p.next > p.end() {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	for _, subject := range p.filters {
		msg, err := p.stream.GetMsg(ctx, p.next, jetstream.WithGetMsgSubject(subject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read events from %d: %w", p.next, err)
		}
		if msg.Sequence <= p.end() && (first == nil || msg.Sequence < first.Sequence) {
			first = msg
		}
	}
	return first, nil
}

// take adds an event. The router sets aside what cannot be read, and tells.
func (p *page) take(m event.Message) {
	p.seen++
	p.next = m.Sequence + 1
	if entry, err := p.log.entry(m); err == nil && p.wants(entry.Event.GetType()) {
		p.entries = append(p.entries, entry)
	}
}
