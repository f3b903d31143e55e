package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// ErrNotFound is a delivery that the history does not have, or not of this
// tenant.
var ErrNotFound = errors.New("delivery not found")

// maxAttempts bounds what Get gives of a delivery that was made again and
// again.
const maxAttempts = 1000

// Get gives a delivery and its attempts: round by round, the oldest first. Of
// more than 1,000 attempts it gives those that were started last.
func (s *Store) Get(ctx context.Context, tenant, id string) (Delivery, []Attempt, error) {
	var d standing
	found := false
	err := s.query(ctx, "SELECT "+deliveryColumns+" FROM deliveries WHERE id = ? AND tenant = ?", []any{id, tenant}, func(rows *sql.Rows) error {
		found = true
		return d.scan(rows)
	})
	if err != nil {
		return Delivery{}, nil, fmt.Errorf("read delivery: %w", err)
	}
	if !found {
		return Delivery{}, nil, ErrNotFound
	}
	attempts, err := s.attempts(ctx, id)
	if err != nil {
		return Delivery{}, nil, fmt.Errorf("read attempts of delivery %s: %w", id, err)
	}
	return d.Delivery, attempts, nil
}

func (s *Store) attempts(ctx context.Context, id string) ([]Attempt, error) {
	records := make(map[key]*record)
	query := "SELECT " + attemptColumns + " FROM attempts WHERE delivery_id = ? ORDER BY started_at DESC LIMIT ?"
	err := s.query(ctx, query, []any{id, maxAttempts}, func(rows *sql.Rows) error {
		r := new(record)
		err := rows.Scan(append(r.fields(), &r.RequestHeader, &r.Answer)...)
		r.RequestHeader, r.Answer = absent(r.RequestHeader), absent(r.Answer)
		records[r.key()] = r
		return err
	})
	if err != nil {
		return nil, err
	}
	return sorted(records), nil
}

// sorted puts the records of one delivery in order.
func sorted(records map[key]*record) []Attempt {
	all := rounds(records)
	attempts := make([]Attempt, 0, len(records))
	for _, r := range records {
		attempts = append(attempts, r.Attempt)
	}
	slices.SortFunc(attempts, func(a, b Attempt) int {
		return newer(all, &record{Attempt: a}, &record{Attempt: b}, nil)
	})
	return attempts
}

// Outcomes gives the status of each of the deliveries that the history has of
// this tenant, by delivery id.
func (s *Store) Outcomes(ctx context.Context, tenant string, deliveryIDs []string) (map[string]string, error) {
	outcomes := make(map[string]string, len(deliveryIDs))
	for some := range slices.Chunk(deliveryIDs, s.engine.rows) {
		query := "SELECT id, status FROM deliveries WHERE tenant = ? AND id IN " + marks(len(some))
		err := s.query(ctx, query, append([]any{tenant}, anys(some)...), func(rows *sql.Rows) error {
			var id, status string
			err := rows.Scan(&id, &status)
			outcomes[id] = status
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read outcomes of %d deliveries: %w", len(deliveryIDs), err)
		}
	}
	return outcomes, nil
}

// query hands each row to take.
func (s *Store) query(ctx context.Context, query string, args []any, take func(*sql.Rows) error) error {
	rows, err := s.reader.QueryContext(ctx, s.engine.bind(query), args...)
	if err != nil {
		return err
	}
	return drain(rows, take)
}
