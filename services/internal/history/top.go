package history

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

const (
	// DefaultTop is how many subscriptions a TopQuery gives that names no limit.
	DefaultTop = 10
	// MaxTop is the most.
	MaxTop = 100
)

// TopQuery says which subscriptions stand out.
type TopQuery struct {
	Tenant string // "" for those of all tenants
	Status string // one of the four, by which they are ordered; "" for failed
	Limit  int    // 1 to MaxTop; 0 for DefaultTop
}

// Counts are the deliveries of a subscription that the history has, without
// tests, by their status.
type Counts struct {
	Tenant, SubscriptionID                string
	Waiting, Delivered, Failed, Cancelled int64
}

func (q *TopQuery) check() error {
	q.Status, q.Limit = cmp.Or(q.Status, StatusFailed), cmp.Or(q.Limit, DefaultTop)
	if q.Limit < 1 || q.Limit > MaxTop {
		return fmt.Errorf("%w: limit must be 1 to %d, is %d", ErrQuery, MaxTop, q.Limit)
	}
	return checkStatus(q.Status)
}

// Top gives the subscriptions that have most deliveries of the status, the most
// first, and none that has no such delivery. Equal ones come in the order of
// their tenants and ids. The error is ErrQuery where the query is wrong.
func (s *Store) Top(ctx context.Context, q TopQuery) ([]Counts, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	filter := new(where)
	filter.add("subscription_id <> '' AND test = 0") // '' counts the whole tenant again
	if q.Tenant != "" {
		filter.add("tenant = ?", q.Tenant)
	}
	statuses := (&Query{}).statuses()
	sums := make([]string, len(statuses))
	for i, status := range statuses {
		sums[i] = sumOf + " AS " + status
	}
	query := fmt.Sprintf("SELECT tenant, subscription_id, %s FROM delivery_counts%s GROUP BY tenant, subscription_id HAVING %s > 0 ORDER BY %d DESC, tenant, subscription_id LIMIT ?",
		strings.Join(sums, ", "), filter, sumOf, 3+slices.Index(statuses, q.Status))
	args := append(append(anys(statuses), filter.args...), q.Status, q.Limit)
	all := make([]Counts, 0, q.Limit)
	err := s.query(ctx, query, args, func(rows *sql.Rows) error {
		var c Counts
		err := rows.Scan(&c.Tenant, &c.SubscriptionID, &c.Waiting, &c.Delivered, &c.Failed, &c.Cancelled)
		all = append(all, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count deliveries by subscription: %w", err)
	}
	return all, nil
}

// sumOf adds up one status. PostgreSQL's sums of BIGINT are NUMERIC.
const sumOf = "CAST(SUM(CASE WHEN status = ? THEN deliveries ELSE 0 END) AS BIGINT)"
