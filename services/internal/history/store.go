package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/posthaste/posthaste/services/internal/bus"
)

// Store is a history in a database. Safe for concurrent use, also by several
// processes.
type Store struct {
	cfg            Config
	log            *slog.Logger
	engine         *engine
	writer, reader *sql.DB
}

// openWait is how long Open waits for a database that is away.
const openWait = 30 * time.Second

// Open reaches the database and brings its schema up to date. It waits up to
// 30 s for one that is starting. The error is ErrNewer where a newer Posthaste
// has been at work; none holds the password.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	engine, err := cfg.engine()
	if err != nil {
		return nil, err
	}
	s := &Store{cfg: cfg, log: log, engine: engine}
	if s.writer, s.reader, err = engine.open(); err != nil {
		return nil, fmt.Errorf("open history: %w", err)
	}
	if err := s.await(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open history in %s: %w", engine.name, err), s.Close())
	}
	return s, nil
}

// await migrates as soon as the database lets it.
func (s *Store) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, openWait)
	defer cancel()
	var last error
	ready := func() error {
		err := s.migrate(ctx, steps)
		if ctx.Err() == nil || last == nil {
			last = err // the context's end says less than what came before
		}
		if err != nil && !s.engine.away(err) {
			return backoff.Permanent(err)
		}
		return err
	}
	notify := func(err error, next time.Duration) {
		s.log.Warn("history database is not ready", "error", err, "retry_in", next.Round(time.Millisecond))
	}
	if backoff.RetryNotify(ready, backoff.WithContext(bus.BackOff(bus.FirstWait), ctx), notify) != nil {
		return last
	}
	return nil
}

// Close closes the connections.
func (s *Store) Close() error {
	err := s.writer.Close()
	if s.reader != s.writer {
		err = errors.Join(err, s.reader.Close())
	}
	if err != nil {
		return fmt.Errorf("close history: %w", err)
	}
	return nil
}

// Ready is nil when the database answers now; it is what /readyz asks.
func (s *Store) Ready(ctx context.Context) error {
	if err := s.reader.PingContext(ctx); err != nil {
		return fmt.Errorf("reach the history: %w", err)
	}
	return nil
}

// Local says that the database is a file, which only processes of this machine
// can share.
func (s *Store) Local() bool { return s.engine.name == nameSQLite }

// write runs do in a transaction that is the only one to write.
func (s *Store) write(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if err := s.engine.lock(ctx, tx); err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
