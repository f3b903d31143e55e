package history

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Page is a part of a list.
type Page struct {
	Deliveries []Delivery
	// Total is how many there are in all pages together.
	Total int64
	// NextCursor leads to the page that follows; "" where none does.
	NextCursor string
}

// List gives a page of the tenant's deliveries, the last made first: by
// CreatedAt and then by id. A delivery keeps its place whatever becomes of it,
// so following the cursors gives each delivery once. By page number some come
// twice where new ones are made meanwhile. The error is ErrCursor or ErrQuery
// where the query is wrong.
func (s *Store) List(ctx context.Context, q Query) (Page, error) {
	if err := q.check(); err != nil {
		return Page{}, err
	}
	filter := q.filter()
	offset := (q.Page - 1) * q.PageSize
	if q.Cursor != "" {
		after, err := parseCursor(q.Cursor)
		if err != nil {
			return Page{}, err
		}
		filter.add("(created_at, id) < (?, ?)", micros(after.createdAt), after.id)
		offset = 0
	}
	page := Page{Deliveries: make([]Delivery, 0, q.PageSize+1)}
	var err error
	if page.Total, err = s.total(ctx, &q); err != nil {
		return Page{}, err
	}
	if page.Total <= int64(offset) {
		return page, nil
	}
	if err := s.page(ctx, filter, q.statuses(), q.PageSize+1, offset, &page); err != nil {
		return Page{}, err
	}
	if len(page.Deliveries) > q.PageSize {
		page.Deliveries = page.Deliveries[:q.PageSize]
		last := page.Deliveries[q.PageSize-1]
		page.NextCursor = cursor{last.CreatedAt, last.ID}.String()
	}
	return page, nil
}

// page reads a part of the list. Each status is a list of its own in the index,
// of which it takes the beginnings.
func (s *Store) page(ctx context.Context, filter *where, statuses []string, size, offset int, page *Page) error {
	var parts []string
	var args []any
	for _, status := range statuses {
		parts = append(parts, "SELECT * FROM (SELECT created_at, id FROM deliveries"+filter.String()+" AND status = ?"+newest+" LIMIT ?) AS "+status)
		args = append(append(args, filter.args...), status, size+offset)
	}
	query := "SELECT " + deliveryColumns + " FROM deliveries WHERE id IN (SELECT id FROM (" +
		strings.Join(parts, " UNION ALL ") + ") AS merged" + newest + " LIMIT ? OFFSET ?)" + newest
	err := s.query(ctx, query, append(args, size, offset), func(rows *sql.Rows) error {
		var d standing
		err := d.scan(rows)
		page.Deliveries = append(page.Deliveries, d.Delivery)
		return err
	})
	if err != nil {
		return fmt.Errorf("list deliveries: %w", err)
	}
	return nil
}

const newest = " ORDER BY created_at DESC, id DESC"

// total adds up the counts, or counts where those do not tell.
func (s *Store) total(ctx context.Context, q *Query) (n int64, err error) {
	query := "SELECT CAST(COALESCE(SUM(deliveries), 0) AS BIGINT) FROM delivery_counts"
	filter, ok := q.groups()
	if !ok {
		query, filter = "SELECT COUNT(*) FROM deliveries", q.filter()
		filter.add("status IN "+marks(len(q.statuses())), anys(q.statuses())...)
	}
	err = s.query(ctx, query+filter.String(), filter.args, func(rows *sql.Rows) error { return rows.Scan(&n) })
	if err != nil {
		return 0, fmt.Errorf("count deliveries: %w", err)
	}
	return n, nil
}
