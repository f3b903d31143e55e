package history

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// work is what one transaction reads and writes.
type work struct {
	engine     *engine
	tx         *sql.Tx
	counts     tally
	statements map[string]*sql.Stmt // they end with the transaction
}

// work runs do in a transaction that is the only one to write, and then writes
// the counts that it changed.
func (s *Store) work(ctx context.Context, do func(*work) error) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		w := &work{engine: s.engine, tx: tx, counts: make(tally), statements: make(map[string]*sql.Stmt)}
		if err := do(w); err != nil {
			return err
		}
		return w.saveCounts(ctx)
	})
}

// prepare makes a statement of what is done again and again.
func (w *work) prepare(ctx context.Context, text string) error {
	if _, ok := w.statements[text]; ok {
		return nil
	}
	stmt, err := w.tx.PrepareContext(ctx, w.engine.bind(text)) //nolint:sqlclosecheck // it ends with the transaction
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	w.statements[text] = stmt
	return nil
}

func (w *work) exec(ctx context.Context, text string, args ...any) error {
	if err := w.prepare(ctx, text); err != nil {
		return err
	}
	_, err := w.statements[text].ExecContext(ctx, args...)
	return err
}

// query hands each row to take.
func (w *work) query(ctx context.Context, text string, args []any, take func(*sql.Rows) error) error {
	if err := w.prepare(ctx, text); err != nil {
		return err
	}
	rows, err := w.statements[text].QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	return drain(rows, take)
}

// drain hands each row to take, and closes them.
func drain(rows *sql.Rows, take func(*sql.Rows) error) error {
	defer func() { _ = rows.Close() }() // Err has told
	for rows.Next() {
		if err := take(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// each does something for the ids, as many at once as one statement has.
func (w *work) each(ids []string, do func(list string, args []any) error) error {
	for some := range slices.Chunk(ids, w.engine.rows) {
		if err := do(marks(len(some)), anys(some)); err != nil {
			return err
		}
	}
	return nil
}

// insert writes the rows, as many at once as one statement has. clause follows
// the values.
func insert[R interface{ values() []any }](ctx context.Context, w *work, into, clause string, rows []R) error {
	for some := range slices.Chunk(rows, w.engine.rows) {
		var args []any
		for _, row := range some {
			args = append(args, row.values()...)
		}
		row := marks(len(args) / len(some))
		text := "INSERT INTO " + into + " VALUES " + strings.Repeat(row+",", len(some)-1) + row + clause
		if err := w.exec(ctx, text, args...); err != nil {
			return fmt.Errorf("write %d rows of %s: %w", len(some), into[:strings.IndexByte(into, ' ')], err)
		}
	}
	return nil
}
