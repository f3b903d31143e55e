package history

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrQuery is a query that makes no sense.
var ErrQuery = errors.New("unusable query")

const (
	// DefaultPageSize is that of a query which names none.
	DefaultPageSize = 20
	// MaxPageSize is the largest.
	MaxPageSize = 1000
	// maxPage bounds how far a page number reaches: what lies before it is read
	// past each time. A cursor has no such end.
	maxPage = 100_000
)

// Query says which deliveries to list. Empty fields ask for nothing.
type Query struct {
	Tenant         string // required
	SubscriptionID string
	EventID        string
	EventType      string
	Status         string    // one of the four
	Since, Until   time.Time // made at Since or later, and before Until
	Tests          bool      // tests too

	Page     int // from 1, which 0 means too
	PageSize int // 1 to MaxPageSize; 0 for DefaultPageSize
	// Cursor is a page's NextCursor; Page is ignored.
	Cursor string
}

// check fills in what is left out.
func (q *Query) check() error {
	q.Page, q.PageSize = cmp.Or(q.Page, 1), cmp.Or(q.PageSize, DefaultPageSize)
	switch {
	case q.Tenant == "":
		return fmt.Errorf("%w: no tenant", ErrQuery)
	case q.PageSize < 1 || q.PageSize > MaxPageSize:
		return fmt.Errorf("%w: page size must be 1 to %d, is %d", ErrQuery, MaxPageSize, q.PageSize)
	case q.Page < 1 || q.Page > maxPage:
		return fmt.Errorf("%w: page must be 1 to %d, is %d; follow the cursors to go further", ErrQuery, maxPage, q.Page)
	}
	if q.Status == "" {
		return nil
	}
	return checkStatus(q.Status)
}

func checkStatus(status string) error {
	if slices.Contains((&Query{}).statuses(), status) {
		return nil
	}
	return fmt.Errorf("%w: status must be waiting, delivered, failed or cancelled, is %.32q", ErrQuery, status)
}

// where gathers conditions and their arguments.
type where struct {
	conditions []string
	args       []any
}

func (w *where) add(condition string, args ...any) {
	w.conditions, w.args = append(w.conditions, condition), append(w.args, args...)
}

func (w *where) String() string { return " WHERE " + strings.Join(w.conditions, " AND ") }

// statuses are those that the query asks for.
func (q *Query) statuses() []string {
	if q.Status != "" {
		return []string{q.Status}
	}
	return []string{StatusWaiting, StatusDelivered, StatusFailed, StatusCancelled}
}

// filter is what the query asks for without status and place in the list.
func (q *Query) filter() *where {
	w := new(where)
	w.add("tenant = ?", q.Tenant)
	for _, f := range []struct{ column, value string }{
		{"subscription_id", q.SubscriptionID}, {"event_id", q.EventID}, {"event_type", q.EventType},
	} {
		if f.value != "" {
			w.add(f.column+" = ?", f.value)
		}
	}
	if !q.Since.IsZero() {
		w.add("created_at >= ?", micros(q.Since))
	}
	if !q.Until.IsZero() {
		w.add("created_at < ?", micros(q.Until))
	}
	if !q.Tests {
		w.add("test = 0")
	}
	return w
}

// groups is the filter where the counts can answer it.
func (q *Query) groups() (w *where, ok bool) {
	if q.EventID != "" || !q.Since.IsZero() || !q.Until.IsZero() {
		return nil, false
	}
	w = new(where)
	w.add("tenant = ?", q.Tenant)
	w.add("subscription_id = ?", q.SubscriptionID) // "" is the whole tenant
	if q.EventType != "" {
		w.add("event_type = ?", q.EventType)
	}
	if q.Status != "" {
		w.add("status = ?", q.Status)
	}
	if !q.Tests {
		w.add("test = 0")
	}
	return w, true
}
