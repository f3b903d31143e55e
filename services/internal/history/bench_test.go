package history

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/settings"
)

const million = 1_000_000

// BenchmarkList builds a history of a million attempts in SQLite and times a
// page of it with the total. With -short it is skipped.
func BenchmarkList(b *testing.B) {
	if testing.Short() {
		b.Skip("builds a million attempts")
	}
	for name, spread := range map[string]func(i int) (tenant, subscription string){
		"many": func(i int) (tenant, subscription string) {
			return fmt.Sprintf("tenant%d", i%10), fmt.Sprintf("evsub_01JZZZZZZZZZZZZZZZZZ%06d", i%10_000)
		},
		"one": func(int) (tenant, subscription string) { return "tenant0", "evsub_01JZZZZZZZZZZZZZZZZZ000000" },
	} {
		b.Run(name, func(b *testing.B) {
			s := benchStore(b)
			fill(b, s, million, spread)
			_, subscription := spread(0)
			listEach(b, s, subscription)
		})
	}
}

func benchStore(b *testing.B) *Store {
	b.Helper()
	cfg := defaults()
	cfg.File = b.TempDir() + "/history.db"
	return benchOpen(b, cfg)
}

func benchOpen(b *testing.B, cfg Config) *Store {
	b.Helper()
	s, err := Open(b.Context(), cfg, quiet)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

// benchRecord is the i-th attempt: of eight deliveries six succeed at once,
// one at the second attempt, and one fails at its second.
func benchRecord(i int, spread func(int) (tenant, subscription string)) *posthastev1.Attempt {
	begin := time.Date(2025, 1, 15, 10, 30, 0, 0, time.UTC)
	n, number := i/10*8+i%10, uint32(1)
	if i%10 >= 8 { // the last two of ten are second attempts
		n, number = i/10*8+i%10-2, 2
	}
	tenant, subscription := spread(n)
	a := &posthastev1.Attempt{
		DeliveryId:     fmt.Sprintf("dlv_01JHN%09dABCDEFGH%04d", n, n%10_000),
		SubscriptionId: subscription, Tenant: tenant,
		EventId: fmt.Sprintf("evt_01JHN%021d", n), EventType: []string{"task.created", "task.updated", "task.done"}[n%3],
		Number: number, StartedAt: timestamppb.New(begin.Add(time.Duration(i) * time.Millisecond)),
		CreatedAt: timestamppb.New(begin.Add(time.Duration(n) * time.Millisecond)),
		Latency:   durationpb.New(12 * time.Millisecond), Status: 200, Reason: "delivered", Url: "https://example.com/hooks/posthaste",
		Outcome: posthastev1.Outcome_OUTCOME_DELIVERED, Answer: []byte(`{"ok":true}`), Sequence: uint64(n + 1),
		RequestHeader: []byte("Content-Type: application/json\r\nUser-Agent: Posthaste\r\nWebhook-Id: dlv_01JHN000000000ABCDEFGH\r\nWebhook-Timestamp: 1736937000\r\nWebhook-Signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=\r\n"),
	}
	switch {
	case n%8 >= 6 && number == 1:
		a.Status, a.Reason, a.Outcome, a.NextAt = 500, "server_error", posthastev1.Outcome_OUTCOME_UNSPECIFIED, a.GetStartedAt()
	case n%8 == 7:
		a.Status, a.Reason, a.Outcome = 500, "server_error", posthastev1.Outcome_OUTCOME_FAILED
	}
	return a
}

func fill(b *testing.B, s *Store, total int, spread func(int) (tenant, subscription string)) {
	b.Helper()
	batch := make([]*posthastev1.Attempt, 0, s.cfg.Batch)
	begin := time.Now()
	for i := range total {
		if batch = append(batch, benchRecord(i, spread)); len(batch) == cap(batch) || i == total-1 {
			if err := s.Apply(context.Background(), batch); err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	b.Logf("%d attempts at %.0f/s", total, float64(total)/time.Since(begin).Seconds())
}

func listEach(b *testing.B, s *Store, subscription string) {
	b.Helper()
	middle := time.Date(2025, 1, 15, 10, 35, 0, 0, time.UTC)
	for name, q := range map[string]Query{
		"subscription":        {SubscriptionID: subscription},
		"subscription-failed": {SubscriptionID: subscription, Status: StatusFailed},
		"subscription-since":  {SubscriptionID: subscription, Since: middle},
		"tenant":              {},
		"tenant-failed":       {Status: StatusFailed},
		"tenant-type":         {EventType: "task.done"},
		"tenant-waiting":      {Status: StatusWaiting},
		"tenant-since":        {Since: middle},
		"tenant-event":        {EventID: "evt_01JHN000000000000000000000"},
		"tenant-with-tests":   {Tests: true},
		"tenant-page-1000":    {Page: 1000},
	} {
		q.Tenant = "tenant0"
		b.Run(name, func(b *testing.B) {
			var page Page
			for b.Loop() {
				var err error
				if page, err = s.List(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/page")
			b.ReportMetric(float64(page.Total), "total")
		})
	}
}

// BenchmarkApply takes batches of 500 into a history that grows.
func BenchmarkApply(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) { applyBatches(b, benchStore(b)) })
	b.Run("PostgreSQL", func(b *testing.B) {
		cfg := defaults()
		cfg.DatabaseURL = settings.SecretURL(postgres.Database(b))
		applyBatches(b, benchOpen(b, cfg))
	})
}

func applyBatches(b *testing.B, s *Store) {
	b.Helper()
	spread := func(i int) (tenant, subscription string) {
		return "tenant0", fmt.Sprintf("evsub_01JZZZZZZZZZZZZZZZZZ%06d", i%100)
	}
	batch := make([]*posthastev1.Attempt, s.cfg.Batch)
	n := 0
	for b.Loop() {
		for i := range batch {
			batch[i] = benchRecord(n, spread)
			n++
		}
		if err := s.Apply(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "attempts/s")
}
