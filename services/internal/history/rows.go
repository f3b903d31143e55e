package history

import (
	"database/sql"
	"fmt"
	"strings"
	"time"
)

const (
	deliveryColumns = "id, tenant, subscription_id, event_id, event_type, test, url, sequence, created_at, status, attempts, rounds, " +
		"first_attempt_at, last_attempt_at, next_attempt_at, finished_at, response_status, latency, reason, error, size"
	// recordColumns are those that decide; the others are large.
	recordColumns  = "delivery_id, round, number, note, made_at, started_at, latency, next_at, response_status, outcome, reason, error, url, size"
	attemptColumns = recordColumns + ", request_header, answer"
)

func (s *standing) values() []any {
	return []any{
		s.ID, s.Tenant, s.SubscriptionID, s.EventID, s.EventType, bit(s.Test), s.URL, int64(s.Sequence), micros(s.CreatedAt),
		s.Status, s.Attempts, s.Rounds, micros(s.FirstAttemptAt), micros(s.LastAttemptAt), micros(s.NextAttemptAt), micros(s.FinishedAt),
		s.ResponseStatus, s.Latency.Microseconds(), s.Reason, s.Error, s.size,
	}
}

func (s *standing) scan(rows *sql.Rows) error {
	return rows.Scan(
		&s.ID, &s.Tenant, &s.SubscriptionID, &s.EventID, &s.EventType, &s.Test, &s.URL, &s.Sequence, (*instant)(&s.CreatedAt),
		&s.Status, &s.Attempts, &s.Rounds, (*instant)(&s.FirstAttemptAt), (*instant)(&s.LastAttemptAt), (*instant)(&s.NextAttemptAt), (*instant)(&s.FinishedAt),
		&s.ResponseStatus, (*span)(&s.Latency), &s.Reason, &s.Error, &s.size,
	)
}

func (r *record) values() []any {
	return []any{
		r.deliveryID, r.Round, r.Number, bit(r.Note), micros(r.madeAt), micros(r.StartedAt), r.Latency.Microseconds(), micros(r.NextAt),
		r.ResponseStatus, r.Outcome, r.Reason, r.Error, r.URL, r.size, present(r.RequestHeader), present(r.Answer),
	}
}

// fields are where the record columns go.
func (r *record) fields() []any {
	return []any{
		&r.deliveryID, &r.Round, &r.Number, &r.Note, (*instant)(&r.madeAt), (*instant)(&r.StartedAt), (*span)(&r.Latency), (*instant)(&r.NextAt),
		&r.ResponseStatus, &r.Outcome, &r.Reason, &r.Error, &r.URL, &r.size,
	}
}

// weigh is about what the attempt takes: its bytes, and those of the row and
// its place in the index (measured in SQLite).
func (r *record) weigh() int64 {
	return int64(160 + 2*len(r.deliveryID) + 2*len(r.Round) + len(r.Reason) + len(r.Error) + len(r.URL) + len(r.RequestHeader) + len(r.Answer))
}

// weigh is about what the delivery takes without its attempts: it stands in
// five indexes, and in its table.
func (s *standing) weigh() int64 {
	return int64(300 + 4*len(s.ID) + 4*len(s.Tenant) + 2*len(s.SubscriptionID) + 2*len(s.EventID) + len(s.EventType) + len(s.URL) + len(s.Reason) + len(s.Error))
}

// instant scans microseconds into a time.
type instant time.Time

func (t *instant) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("a time is %T, not microseconds", v)
	}
	*t = instant(moment(n))
	return nil
}

// span scans microseconds into a duration.
type span time.Duration

func (d *span) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("a duration is %T, not microseconds", v)
	}
	*d = span(time.Duration(n) * time.Microsecond)
	return nil
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// present is never nil, which would be NULL.
func present(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// absent is nil where there is nothing.
func absent(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// marks is "(?,?)" for n of 2.
func marks(n int) string { return "(" + strings.Repeat("?,", n-1) + "?)" }

func anys(ids []string) []any {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return args
}
