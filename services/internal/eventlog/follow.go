package eventlog

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/posthaste/posthaste/services/internal/bus"
)

// Follow hands handle the events of the range in their order, each once: those
// after the cursor, then those to come. It returns nil when ctx ends or the
// range does, the error of handle, and ErrExpired where handle was too slow for
// what is kept. A lost connection is waited out, and nothing is missed.
//
// It holds no consumer: thousands of them would slow down all publishing.
// What is published wakes it, and then it reads a page.
func (l *Log) Follow(ctx context.Context, r Range, handle func(Entry) error) error {
	filters, err := r.filters()
	if err != nil {
		return err
	}
	bell, err := newBell(l.bus.NC, filters) // before the first look, to miss nothing
	if err != nil {
		return err
	}
	defer bell.close()
	f := &follower{log: l, at: r, handle: handle, bell: bell}
	f.rhythm = rhythm{failing: bus.BackOff(bus.FirstWait), unsure: true}
	return f.run(ctx)
}

// follower is one call of Follow.
type follower struct {
	log    *Log
	at     Range // After is how far it is
	handle func(Entry) error
	bell   *bell
	rhythm rhythm
	ended  bool  // the range has
	failed error // of handle
}

func (f *follower) run(ctx context.Context) error {
	for {
		rung := f.bell.rung()
		seen, err := f.read(ctx)
		switch {
		case ctx.Err() != nil, f.ended:
			return nil //nolint:nilerr // the end of ctx is how this ends
		case f.failed != nil:
			return f.failed
		case errors.Is(err, ErrExpired), errors.Is(err, nats.ErrConnectionClosed):
			return err
		}
		again, restored := f.bell.wait(ctx, f.rhythm.next(time.Now(), rung, seen, err))
		if !again {
			return nil
		}
		f.rhythm.unsure = f.rhythm.unsure || restored
	}
}

// followPage is how many events are read at once.
const followPage = 256

// read hands over all that is there, and returns how many messages that were.
// It ends with a look that finds nothing: only that is the word of the stream's
// leader.
func (f *follower) read(ctx context.Context) (seen int, err error) {
	for {
		p, err := f.log.page(ctx, &f.at, followPage)
		if err != nil {
			return seen, err
		}
		for _, entry := range p.entries {
			if f.failed = f.handle(entry); f.failed != nil || ctx.Err() != nil {
				return seen, f.failed
			}
		}
		f.at.After, f.ended = p.cursor(), p.ended()
		if seen += p.seen; p.seen == 0 || f.ended {
			return seen, nil
		}
	}
}
