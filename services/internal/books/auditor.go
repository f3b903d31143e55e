package books

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/posthaste/posthaste/services/internal/bus"
)

const (
	// every is how often the books are looked at: some forty small requests.
	every = time.Minute
	// patience bounds one look, of all its requests together.
	patience = 10 * time.Second
	// quiet is how long nothing must have moved for the accounts to be complete:
	// longer than the longest time between two writes of one.
	quiet = 3 * time.Second
)

// Auditor looks at the books, now and then and when it is asked. Any number may.
type Auditor struct {
	bus *bus.Bus
	log *slog.Logger
	now func() time.Time

	// latest is what the last look saw, nil where it failed. Looks write, the
	// meter's callback reads.
	latest atomic.Pointer[Books]

	mu   sync.Mutex
	last *sample // an earlier look, to see whether anything moves
}

// New makes the instruments; Run feeds them. now is the clock.
func New(b *bus.Bus, meter metric.Meter, log *slog.Logger, now func() time.Time) (*Auditor, error) {
	a := &Auditor{bus: b, log: log, now: now}
	if err := a.register(meter); err != nil {
		return nil, fmt.Errorf("make metrics of the books: %w", err)
	}
	return a, nil
}

// Run looks at once and then every minute, until ctx ends. It opens the books
// where that is needed, and drops accounts of processes that have ended.
func (a *Auditor) Run(ctx context.Context) error {
	defer a.latest.Store(nil)
	pause := quiet // the second look, which may open the books, comes soon
	for {
		books, err := a.Look(ctx)
		if err != nil && ctx.Err() == nil {
			a.log.Debug("books not known", "error", err)
		}
		if books != nil && books.OpenedAt != nil {
			pause = every
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(every, 2*pause)
	}
}

// Look says how the books stand, and opens them where that is needed.
func (a *Auditor) Look(ctx context.Context) (*Books, error) {
	return a.look(ctx, false)
}

// Reopen opens the books anew from what is there, whatever is missing. The error
// is ErrMoving where something moves.
func (a *Auditor) Reopen(ctx context.Context) (*Books, error) {
	return a.look(ctx, true)
}

// ErrMoving says that the books cannot be opened, for something moved within the
// last three seconds.
var ErrMoving = fmt.Errorf("something moved within the last %s", quiet)

func (a *Auditor) look(ctx context.Context, reopen bool) (*Books, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s, err := look(ctx, a.bus, a.now())
	if err != nil {
		a.latest.Store(nil)
		return nil, err
	}
	settled := a.settled(s)
	books := balance(s, settled)
	if why := whyOpen(s, books, reopen); why != "" {
		if !settled && s.moves != (moves{}) {
			if reopen {
				return nil, ErrMoving
			}
		} else if err := a.open(ctx, s, books, why); err != nil {
			return nil, err
		} else {
			books = balance(s, settled)
		}
	}
	a.latest.Store(books)
	if err := s.ledger.foldSome(ctx, a.bus, s.at); err != nil {
		a.log.Debug("accounts not folded", "error", err)
	}
	return books, nil
}

// settled says whether nothing has moved since an earlier look.
func (a *Auditor) settled(s *sample) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last == nil {
		a.last = s
		return false
	}
	if s.at.Sub(a.last.at) < quiet {
		return false
	}
	same := s.moves == a.last.moves && s.ledger.sum == a.last.ledger.sum && s.router.all() == 0
	a.last = s
	return same
}

// Why books are opened.
const (
	whyFirst   = "first"
	whyKilled  = "a process was killed before it wrote its account"
	whyRestore = "the streams begin anew"
	whyAsked   = "an operator asked for it"
)

func whyOpen(s *sample, b *Books, asked bool) string {
	o := s.ledger.opening
	switch {
	case o == nil:
		return whyFirst
	case asked:
		return whyAsked
	case int64(s.moves.attempts) < o.Records || s.routed() < o.Routed:
		return whyRestore
	case b.Uncounted.Records > 0 || b.Uncounted.Events > 0:
		return whyKilled
	default:
		return ""
	}
}

// open begins anew with what is there.
func (a *Auditor) open(ctx context.Context, s *sample, before *Books, why string) error {
	o := &Opening{At: s.at, Accounts: s.ledger.sum, Waiting: s.waiting.Total, Routed: s.routed(), Records: int64(s.moves.attempts)}
	if old := s.ledger.opening; old != nil {
		o.Folded, o.FoldedKeys, o.Why, o.Missing = old.Folded, old.FoldedKeys, why, before.Missing
		a.log.Warn("books opened anew", "reason", why, "missing", before.Missing, "uncounted_records", before.Uncounted.Records, "uncounted_events", before.Uncounted.Events)
	}
	if err := s.ledger.open(ctx, a.bus, o); err != nil {
		return err
	}
	again, err := readLedger(ctx, a.bus)
	if err != nil {
		return err
	}
	s.ledger = again
	return nil
}
