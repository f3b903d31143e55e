package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"
)

// pruneStep is how many deliveries go in one transaction: 20 ms or so, after
// which a writer may come in between.
const pruneStep = 200

// Prune removes the deliveries that were made longer ago than MaxAge, and then
// the oldest for as long as the history is larger than MaxBytes. It returns
// how many it removed, also where it fails in between.
func (s *Store) Prune(ctx context.Context, now time.Time) (removed int64, err error) {
	removed, err = s.pruneWhile(ctx, now.Add(-s.cfg.MaxAge).UnixMicro(), func(int64) bool { return true })
	if err == nil && s.cfg.MaxBytes != 0 {
		var more int64
		more, err = s.pruneToSize(ctx)
		removed += more
	}
	if err != nil || removed == 0 {
		return removed, err
	}
	return removed, s.dropEmptyCounts(ctx)
}

func (s *Store) pruneToSize(ctx context.Context) (removed int64, err error) {
	size, err := s.size(ctx)
	if err != nil {
		return 0, err
	}
	surplus := size - int64(s.cfg.MaxBytes)
	return s.pruneWhile(ctx, math.MaxInt64, func(freed int64) bool {
		surplus -= freed
		return surplus > 0
	})
}

// dropEmptyCounts removes the counts of what is gone altogether.
func (s *Store) dropEmptyCounts(ctx context.Context) error {
	return s.work(ctx, func(w *work) error {
		if err := w.exec(ctx, "DELETE FROM delivery_counts WHERE deliveries = 0"); err != nil {
			return fmt.Errorf("drop empty counts: %w", err)
		}
		return nil
	})
}

// pruneWhile removes the oldest deliveries that were made before then, in
// microseconds, a step at a time, while more, told what the last step freed,
// wants it.
func (s *Store) pruneWhile(ctx context.Context, before int64, more func(freed int64) bool) (removed int64, err error) {
	var freed int64
	for more(freed) {
		var n int
		err := s.work(ctx, func(w *work) (err error) {
			n, freed, err = w.prune(ctx, before)
			return err
		})
		if err != nil {
			return removed, fmt.Errorf("prune history: %w", err)
		}
		removed += int64(n)
		if n < pruneStep {
			return removed, nil
		}
	}
	return removed, nil
}

// prune removes a step of the oldest.
func (w *work) prune(ctx context.Context, before int64) (n int, freed int64, err error) {
	var ids []string
	const oldest = "SELECT " + deliveryColumns + " FROM deliveries WHERE created_at < ? ORDER BY created_at LIMIT ?"
	err = w.query(ctx, oldest, []any{before, pruneStep}, func(rows *sql.Rows) error {
		var d standing
		if err := d.scan(rows); err != nil {
			return err
		}
		ids = append(ids, d.ID)
		freed += d.size
		w.counts.add(&d, -1)
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	return len(ids), freed, w.remove(ctx, ids)
}

// remove deletes the deliveries with their attempts.
func (w *work) remove(ctx context.Context, ids []string) error {
	return w.each(ids, func(list string, args []any) error {
		return errors.Join(
			w.exec(ctx, "DELETE FROM attempts WHERE delivery_id IN "+list, args...),
			w.exec(ctx, "DELETE FROM deliveries WHERE id IN "+list, args...),
		)
	})
}

// size is about what all of it takes in the database.
func (s *Store) size(ctx context.Context) (bytes int64, err error) {
	const query = "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM delivery_counts WHERE subscription_id = ''"
	err = s.query(ctx, query, nil, func(rows *sql.Rows) error { return rows.Scan(&bytes) })
	if err != nil {
		return 0, fmt.Errorf("measure history: %w", err)
	}
	return bytes, nil
}

// Reset drops all content, to be rebuilt.
func (s *Store) Reset(ctx context.Context) error {
	return s.write(ctx, func(tx *sql.Tx) error { return s.engine.drop(ctx, tx) })
}
