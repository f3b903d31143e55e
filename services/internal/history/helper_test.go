package history

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed/postgrestest"
)

// postgres serves all tests of this binary.
var postgres postgrestest.Server

type stopping struct{ *testing.M }

func (m stopping) Run() int {
	defer postgres.Stop()
	// Each check is a dozen transactions; -rapid.checks overrides.
	if err := flag.Set("rapid.checks", "25"); err != nil {
		panic(err)
	}
	return m.M.Run()
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(stopping{m}) }

var quiet = slog.New(slog.DiscardHandler)

// each runs the test on an empty database of each kind.
func each(t *testing.T, test func(t *testing.T, cfg Config)) {
	t.Helper()
	for name, change := range map[string]func(t *testing.T, c *Config){
		"SQLite":     func(t *testing.T, c *Config) { t.Helper(); c.File = filepath.Join(t.TempDir(), "new", "h.db") },
		"PostgreSQL": func(t *testing.T, c *Config) { t.Helper(); c.DatabaseURL = settings.SecretURL(postgres.Database(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := defaults()
			change(t, &cfg)
			test(t, cfg)
		})
	}
}

// defaults keep what the tests make, whose time is long ago.
func defaults() Config {
	cfg := settings.Defaults[Config]()
	cfg.MaxAge = 100 * 365 * 24 * time.Hour
	return cfg
}

func open(t *testing.T, cfg Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), cfg, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

var epoch = time.Date(2025, 1, 15, 10, 30, 0, 123456000, time.UTC)

// after is n seconds into the tests' time.
func after(n int) time.Time { return epoch.Add(time.Duration(n) * time.Second) }

// post is a record of a POST: the number-th of the delivery, in the second of
// that number, answered with the status.
func post(delivery string, number int, status int32, change ...func(*posthastev1.Attempt)) *posthastev1.Attempt {
	a := &posthastev1.Attempt{
		DeliveryId: delivery, SubscriptionId: "evsub_1", Tenant: "t", EventId: "evt_" + delivery, EventType: "task.done",
		Number: uint32(number), StartedAt: timestamppb.New(after(number)), CreatedAt: timestamppb.New(epoch), Sequence: 7,
		Latency: durationpb.New(25 * time.Millisecond), Status: status, Url: "https://example.com/hook", Reason: "server_error",
		RequestHeader: []byte("Content-Type: application/json\r\n"), Answer: []byte{0, 0xff, 'x'},
	}
	if status == 200 {
		a.Reason, a.Outcome = "delivered", posthastev1.Outcome_OUTCOME_DELIVERED
	}
	for _, c := range change {
		c(a)
	}
	return a
}

// ending is a note that the delivery ended before its number-th POST.
func ending(delivery string, number int, outcome posthastev1.Outcome, change ...func(*posthastev1.Attempt)) *posthastev1.Attempt {
	return post(delivery, number, 0, append([]func(*posthastev1.Attempt){func(a *posthastev1.Attempt) {
		a.Latency, a.Url, a.RequestHeader, a.Answer, a.Reason, a.Outcome = nil, "", nil, nil, "subscription_disabled", outcome
	}}, change...)...)
}

func failed(a *posthastev1.Attempt) { a.Outcome = posthastev1.Outcome_OUTCOME_FAILED }

func next(at time.Time) func(*posthastev1.Attempt) {
	return func(a *posthastev1.Attempt) { a.NextAt = timestamppb.New(at) }
}

// again makes it a record of a later round that was made at that time.
func again(round string, made time.Time) func(*posthastev1.Attempt) {
	return func(a *posthastev1.Attempt) {
		a.Round, a.CreatedAt = round, timestamppb.New(made)
		a.StartedAt = timestamppb.New(made.Add(time.Duration(a.GetNumber()) * time.Second))
	}
}

func apply(t *testing.T, s *Store, records ...*posthastev1.Attempt) {
	t.Helper()
	if err := s.Apply(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	balance(t, s)
}

func get(t *testing.T, s *Store, id string) (Delivery, []Attempt) {
	t.Helper()
	d, attempts, err := s.Get(t.Context(), "t", id)
	if err != nil {
		t.Fatal(err)
	}
	return d, attempts
}

func list(t *testing.T, s *Store, q Query) Page {
	t.Helper()
	if q.Tenant == "" {
		q.Tenant = "t"
	}
	page, err := s.List(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func ids(page Page) string {
	var all []string
	for _, d := range page.Deliveries {
		all = append(all, d.ID)
	}
	return strings.Join(all, " ")
}

// rowsOf gives each row of the query as a text.
func rowsOf(tb rapid.TB, s *Store, query string) []string {
	tb.Helper()
	var found []string
	err := s.query(context.Background(), query, nil, func(rows *sql.Rows) error {
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		err = rows.Scan(targets...)
		found = append(found, fmt.Sprint(values))
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

// balance holds the counts against the deliveries.
func balance(tb rapid.TB, s *Store) {
	tb.Helper()
	counted := rowsOf(tb, s, "SELECT tenant, subscription_id, event_type, test, status, deliveries, bytes FROM delivery_counts WHERE deliveries <> 0 ORDER BY 1, 2, 3, 4, 5")
	actual := rowsOf(tb, s, `
		SELECT tenant, '' AS subscription_id, event_type, test, status, COUNT(*), CAST(SUM(size) AS BIGINT) FROM deliveries GROUP BY 1, 3, 4, 5 UNION ALL
		SELECT tenant, subscription_id, event_type, test, status, COUNT(*), CAST(SUM(size) AS BIGINT) FROM deliveries GROUP BY 1, 2, 3, 4, 5
		ORDER BY 1, 2, 3, 4, 5`)
	if got, want := strings.Join(counted, "\n"), strings.Join(actual, "\n"); got != want {
		tb.Errorf("counts are\n%s\nwant\n%s", got, want)
	}
}
