package history

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

// ErrNewer says that a newer Posthaste has changed the database.
var ErrNewer = errors.New("the history is of a newer version of Posthaste than this one")

// steps lead from an empty database to the schema of today: the file
// schema/<version>.sql from each version to the next. Released ones never
// change.
//
//go:embed schema/*.sql
var steps embed.FS

// migrate takes the database to the last version, in one transaction.
func (s *Store) migrate(ctx context.Context, steps fs.FS) error {
	if err := s.makeVersion(ctx); err != nil {
		return fmt.Errorf("make schema_version: %w", err)
	}
	files, err := fs.Glob(steps, "schema/*.sql") // sorted
	if err != nil {
		return fmt.Errorf("find schema: %w", err)
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		var version int
		if err := tx.QueryRowContext(ctx, "SELECT version FROM schema_version").Scan(&version); err != nil {
			return fmt.Errorf("read schema_version: %w", err)
		}
		if version > len(files) {
			return fmt.Errorf("%w: its schema has version %d, this binary knows %d; run the newer one, or give this one a database of its own", ErrNewer, version, len(files))
		}
		return s.step(ctx, tx, steps, version, files)
	})
}

// makeVersion makes the table that is also what writers lock. Two processes
// that start on an empty database may both try; one is told that it exists.
func (s *Store) makeVersion(ctx context.Context) error {
	const (
		table = "CREATE TABLE IF NOT EXISTS schema_version (one SMALLINT PRIMARY KEY CHECK (one = 1), version BIGINT NOT NULL)"
		row   = "INSERT INTO schema_version (one, version) VALUES (1, 0) ON CONFLICT (one) DO NOTHING"
	)
	var err error
	for range 2 {
		if _, err = s.writer.ExecContext(ctx, table); err == nil {
			_, err = s.writer.ExecContext(ctx, row)
			return err
		}
	}
	return err
}

// step applies what comes after version.
func (s *Store) step(ctx context.Context, tx *sql.Tx, steps fs.FS, version int, files []string) error {
	for i, file := range files[version:] {
		text, err := fs.ReadFile(steps, file)
		if err != nil {
			return fmt.Errorf("read %s: %w", file, err)
		}
		if _, err := tx.ExecContext(ctx, s.engine.types.Replace(string(text))); err != nil {
			return fmt.Errorf("apply %s: %w", file, err)
		}
		if _, err := tx.ExecContext(ctx, s.engine.bind("UPDATE schema_version SET version = ?"), version+i+1); err != nil {
			return fmt.Errorf("write schema_version: %w", err)
		}
	}
	return nil
}
