package projection

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"google.golang.org/protobuf/proto"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/history"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/bustest"
)

func connect(t *testing.T) *bus.Bus {
	t.Helper()
	return bustest.Connect(t, testbed.StartNATS(t).URL(), quiet, impatient)
}

// impatient is for those who stop: what NATS is sending them at that moment
// is handed out again after AckWait.
func impatient(c *bus.Config) { c.AckWait = 2 * time.Second }

func projector(t *testing.T, b *bus.Bus, s *history.Store, log *slog.Logger, meter metric.Meter) *Projector {
	t.Helper()
	p, err := New(b, s, log, meter)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// tell publishes the records to ATTEMPTS as dispatchers do.
func tell(t *testing.T, b *bus.Bus, records ...*posthastev1.Attempt) {
	t.Helper()
	msgs := make([]bus.Msg, len(records))
	for i, a := range records {
		data, err := proto.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		msgs[i] = bus.Msg{Subject: bus.AttemptSubject("t", "evsub_1"), ID: fmt.Sprint(a.GetDeliveryId(), ":", a.GetRound(), ":", a.GetNumber()), Data: data}
	}
	if err := b.NewPublisher(1, 1<<20).Publish(t.Context(), msgs); err != nil {
		t.Fatal(err)
	}
}

// some are records of n deliveries, each of which fails once.
func some(prefix string, n int) []*posthastev1.Attempt {
	var records []*posthastev1.Attempt
	for i := range n {
		id := fmt.Sprintf("%s%d", prefix, i)
		records = append(records, post(id, 1, 500), post(id, 2, 200))
	}
	return records
}

// arrived waits until n deliveries were delivered.
func arrived(t *testing.T, s *history.Store, n int64) {
	t.Helper()
	testbed.Eventually(t, fmt.Sprint(n, " are in the history"), func() bool {
		page, err := s.List(t.Context(), history.Query{Tenant: "t", Status: history.StatusDelivered})
		return err == nil && page.Total == n
	})
	balance(t, s)
}

// settled waits until NATS knows that all is done.
func settled(t *testing.T, b *bus.Bus) {
	t.Helper()
	testbed.Eventually(t, "all is acked", func() bool {
		c, err := b.JS.Consumer(t.Context(), bus.StreamAttempts, bus.ConsumerHistory)
		return err == nil && c.CachedInfo().NumPending == 0 && c.CachedInfo().NumAckPending == 0
	})
}

func TestProjects(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg history.Config) {
		t.Helper()
		cfg.Batch = 64
		s, b := open(t, cfg), connect(t)
		var log testbed.Log
		reader := sdk.NewManualReader()
		meter := sdk.NewMeterProvider(sdk.WithReader(reader)).Meter("history")
		tell(t, b, some("a", 100)...)
		testbed.Running(t, projector(t, b, s, slog.New(slog.NewTextHandler(&log, nil)), meter).Run)
		nobody := post("nobody", 1, 200)
		nobody.Tenant = ""
		tell(t, b, nobody)
		if _, err := b.JS.Publish(t.Context(), bus.AttemptSubject("t", "x"), []byte("no record")); err != nil {
			t.Fatal(err)
		}
		tell(t, b, some("b", 50)...)
		arrived(t, s, 150)
		settled(t, b)
		if got := strings.Count(log.String(), "record of an attempt refused"); got != 2 {
			t.Errorf("%d refusals are logged, want 2:\n%s", got, log.String())
		}
		if got, want := counters(t, reader), map[string]int64{"stored": 300, "refused": 2, "lag": 0}; !cmp.Equal(got, want, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == `["lag"]` }, cmp.Ignore())) {
			t.Errorf("metrics are %v, want %v", got, want)
		} else if _, ok := got["lag"]; !ok {
			t.Error("no lag is told")
		}
	})
}

// counters reads the counts by result, and the lag.
func counters(t *testing.T, reader sdk.Reader) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]int64)
	for _, m := range all.ScopeMetrics[0].Metrics {
		switch data := m.Data.(type) {
		case metricdata.Sum[int64]:
			for _, p := range data.DataPoints {
				result, _ := p.Attributes.Value("result")
				found[result.AsString()] = p.Value
			}
		case metricdata.Gauge[int64]:
			found["lag"] = data.DataPoints[0].Value
		}
	}
	return found
}

func TestProjectorPrunes(t *testing.T) {
	t.Parallel()
	cfg := sqliteConfig(t)
	cfg.MaxAge = time.Hour
	s := open(t, cfg)
	apply(t, s, post("d", 1, 200))
	testbed.Running(t, projector(t, connect(t), s, quiet, noop.Meter{}).Run)
	arrived(t, s, 0)
}

// A projector that dies between its commit and its acks leaves records that
// come again, and change nothing.
func TestDiesBeforeTheAck(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg history.Config) {
		t.Helper()
		cfg.Batch = 10
		s, b := open(t, cfg), connect(t)
		records := some("a", 30)
		tell(t, b, records...)

		dying := projector(t, b, s, quiet, noop.Meter{})
		committed := make(chan struct{})
		var calls atomic.Int32
		dying.apply = func(ctx context.Context, batch []*posthastev1.Attempt) error {
			err := s.Apply(ctx, batch)
			if err != nil || calls.Add(1) != 3 {
				return err
			}
			close(committed)
			<-ctx.Done()
			return ctx.Err()
		}
		stop := testbed.Running(t, dying.Run)
		<-committed
		stop()

		testbed.Running(t, projector(t, b, s, quiet, noop.Meter{}).Run)
		arrived(t, s, 30)
		settled(t, b)
		got := content(t, s)
		if err := s.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		apply(t, s, records...)
		if diff := cmp.Diff(content(t, s), got); diff != "" {
			t.Error(diff)
		}
	})
}

// While the database refuses, records are held and none is lost or given up.
func TestDatabaseRefuses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg history.Config) {
		t.Helper()
		s, b := open(t, cfg), connect(t)
		p := projector(t, b, s, quiet, noop.Meter{})
		var calls atomic.Int32
		p.apply = func(ctx context.Context, batch []*posthastev1.Attempt) error {
			if calls.Add(1) <= 3 {
				return errors.New("not now")
			}
			return s.Apply(ctx, batch)
		}
		tell(t, b, some("a", 20)...)
		testbed.Running(t, p.Run)
		arrived(t, s, 20)
		settled(t, b)
		if got := calls.Load(); got < 4 {
			t.Errorf("%d tries, want 4 or more", got)
		}
	})
}

// A database too slow for a whole batch is given parts of it.
func TestDatabaseSlow(t *testing.T) {
	t.Parallel()
	s, b := open(t, sqliteConfig(t)), connect(t)
	p := projector(t, b, s, quiet, noop.Meter{})
	p.apply = func(ctx context.Context, batch []*posthastev1.Attempt) error {
		if len(batch) > 3 {
			return fmt.Errorf("apply: %w", context.DeadlineExceeded)
		}
		return s.Apply(ctx, batch)
	}
	tell(t, b, some("a", 20)...)
	testbed.Running(t, p.Run)
	arrived(t, s, 20)
	settled(t, b)
}

func TestPostgresAway(t *testing.T) {
	t.Parallel()
	cfg := postgresConfig(t)
	way := throughProxy(t, &cfg)
	s, b := open(t, cfg), connect(t)
	var log testbed.Log
	testbed.Running(t, projector(t, b, s, slog.New(slog.NewTextHandler(&log, nil)), noop.Meter{}).Run)
	tell(t, b, some("a", 20)...)
	arrived(t, s, 20)
	way.set(true)
	tell(t, b, some("b", 20)...)
	testbed.Eventually(t, "the projector says that it waits", func() bool { return strings.Contains(log.String(), "history not written") })
	if s.Ready(t.Context()) == nil {
		t.Error("ready without a database")
	}
	way.set(false)
	arrived(t, s, 40)
	settled(t, b)
}

// A consumer that was made by hand and cannot be made into ours.
func TestRunSaysWhatCannotBe(t *testing.T) {
	t.Parallel()
	s, b := open(t, sqliteConfig(t)), connect(t)
	_, err := b.JS.CreateConsumer(t.Context(), bus.StreamAttempts, jetstream.ConsumerConfig{Durable: bus.ConsumerHistory, AckPolicy: jetstream.AckNonePolicy})
	if err != nil {
		t.Fatal(err)
	}
	if err := projector(t, b, s, quiet, noop.Meter{}).Run(t.Context()); !bus.Refused(err) {
		t.Errorf("%v, want a refusal", err)
	}
}

// Two with a file each share the records, which is said; two of one PostgreSQL
// are as they should be.
func TestWarnsOfAnotherFile(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg history.Config) {
		t.Helper()
		s, b := open(t, cfg), connect(t)
		testbed.Running(t, projector(t, b, s, quiet, noop.Meter{}).Run)
		testbed.Eventually(t, "the first one asks for records", func() bool {
			c, err := b.JS.Consumer(t.Context(), bus.StreamAttempts, bus.ConsumerHistory)
			return err == nil && c.CachedInfo().NumWaiting > 0
		})
		var log testbed.Log
		projector(t, b, s, slog.New(slog.NewTextHandler(&log, nil)), noop.Meter{}).warn(t.Context())
		if warned := strings.Contains(log.String(), "another process feeds a history"); warned != s.Local() {
			t.Errorf("warned: %t\n%s", warned, log.String())
		}
	})
}
