package history

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// deliveries reads those of the ids that there are.
func (w *work) deliveries(ctx context.Context, ids []string) ([]*standing, error) {
	var found []*standing
	err := w.each(ids, func(list string, args []any) error {
		return w.query(ctx, "SELECT "+deliveryColumns+" FROM deliveries WHERE id IN "+list, args, func(rows *sql.Rows) error {
			d := new(standing)
			found = append(found, d)
			return d.scan(rows)
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	return found, nil
}

// attempts reads those of the deliveries, without what is large.
func (w *work) attempts(ctx context.Context, ids []string) ([]*record, error) {
	var found []*record
	err := w.each(ids, func(list string, args []any) error {
		return w.query(ctx, "SELECT "+recordColumns+" FROM attempts WHERE delivery_id IN "+list, args, func(rows *sql.Rows) error {
			r := new(record)
			found = append(found, r)
			return rows.Scan(r.fields()...)
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read attempts: %w", err)
	}
	return found, nil
}

func (w *work) saveDeliveries(ctx context.Context, rows []*standing) error {
	return insert(ctx, w, "deliveries ("+deliveryColumns+")", overwrite("id", deliveryColumns), rows)
}

func (w *work) saveAttempts(ctx context.Context, rows []*record) error {
	return insert(ctx, w, "attempts ("+attemptColumns+")", overwrite("delivery_id, round, number", attemptColumns), rows)
}

// overwrite is the clause that puts the row in the place of the one that has
// its key.
func overwrite(keys, columns string) string {
	var sets []string
	for column := range strings.SplitSeq(columns, ", ") {
		if !slices.Contains(strings.Split(keys, ", "), column) {
			sets = append(sets, column+" = excluded."+column)
		}
	}
	return " ON CONFLICT (" + keys + ") DO UPDATE SET " + strings.Join(sets, ", ")
}
