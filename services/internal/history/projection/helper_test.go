package projection

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/history"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed/postgrestest"
)

// postgres serves all tests of this binary.
var postgres postgrestest.Server

type stopping struct{ *testing.M }

func (m stopping) Run() int {
	defer postgres.Stop()
	return m.M.Run()
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(stopping{m}) }

var quiet = slog.New(slog.DiscardHandler)

// each runs the test on an empty database of each kind.
func each(t *testing.T, test func(t *testing.T, cfg history.Config)) {
	t.Helper()
	for name, config := range map[string]func(*testing.T) history.Config{"SQLite": sqliteConfig, "PostgreSQL": postgresConfig} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, config(t))
		})
	}
}

func sqliteConfig(t *testing.T) history.Config {
	t.Helper()
	cfg := defaults()
	cfg.File = filepath.Join(t.TempDir(), "h.db")
	return cfg
}

func postgresConfig(t *testing.T) history.Config {
	t.Helper()
	cfg := defaults()
	cfg.DatabaseURL = settings.SecretURL(postgres.Database(t))
	return cfg
}

// defaults keep what the tests make, whose time is long ago.
func defaults() history.Config {
	cfg := settings.Defaults[history.Config]()
	cfg.MaxAge = 100 * 365 * 24 * time.Hour
	return cfg
}

func open(t *testing.T, cfg history.Config) *history.Store {
	t.Helper()
	s, err := history.Open(t.Context(), cfg, quiet)
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

// post is a record of a POST: the number-th of the delivery, in the second of
// that number, answered with the status.
func post(delivery string, number int, status int32) *posthastev1.Attempt {
	made := time.Date(2025, 1, 15, 10, 30, 0, 123456000, time.UTC)
	a := &posthastev1.Attempt{
		DeliveryId: delivery, SubscriptionId: "evsub_1", Tenant: "t", EventId: "evt_" + delivery, EventType: "task.done",
		Number: uint32(number), StartedAt: timestamppb.New(made.Add(time.Duration(number) * time.Second)), CreatedAt: timestamppb.New(made), Sequence: 7,
		Latency: durationpb.New(25 * time.Millisecond), Status: status, Url: "https://example.com/hook", Reason: "server_error",
		RequestHeader: []byte("Content-Type: application/json\r\n"), Answer: []byte{0, 0xff, 'x'},
	}
	if status == 200 {
		a.Reason, a.Outcome = "delivered", posthastev1.Outcome_OUTCOME_DELIVERED
	}
	return a
}

func apply(t *testing.T, s *history.Store, records ...*posthastev1.Attempt) {
	t.Helper()
	if err := s.Apply(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	balance(t, s)
}

// kept is a delivery as the history gives it.
type kept struct {
	Delivery history.Delivery
	Attempts []history.Attempt
}

// content is all that is in the history.
func content(t *testing.T, s *history.Store) []kept {
	t.Helper()
	var all []kept
	for _, listed := range list(t, s, history.Query{}) {
		d, attempts, err := s.Get(t.Context(), "t", listed.ID)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, kept{d, attempts})
	}
	return all
}

// balance holds the totals against the deliveries.
func balance(t *testing.T, s *history.Store) {
	t.Helper()
	for _, subscription := range []string{"", "evsub_1"} {
		for _, status := range []string{history.StatusWaiting, history.StatusDelivered, history.StatusFailed, history.StatusCancelled} {
			list(t, s, history.Query{SubscriptionID: subscription, Status: status})
		}
	}
}

// list gives the deliveries, whose total must be theirs.
func list(t *testing.T, s *history.Store, q history.Query) []history.Delivery {
	t.Helper()
	q.Tenant, q.PageSize = "t", history.MaxPageSize
	page, err := s.List(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if page.Total != int64(len(page.Deliveries)) {
		t.Errorf("the total of %+v is %d, want %d", q, page.Total, len(page.Deliveries))
	}
	return page.Deliveries
}
