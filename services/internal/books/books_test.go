package books

import (
	"encoding/json"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/goleak"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/bustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stage is an auditor whose clock goes on with each look, and an
// account of the one process that works.
type stage struct {
	nats    *testbed.NATS
	bus     *bus.Bus
	auditor *Auditor
	reader  sdk.Reader
	log     *testbed.Log
	now     time.Time
	account *Account
	stop    func() // closes the account
	made    int
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{nats: testbed.StartNATS(t), reader: sdk.NewManualReader(), log: &testbed.Log{}, now: time.Now()}
	log := slog.New(slog.NewTextHandler(s.log, nil))
	s.bus = bustest.Connect(t, s.nats.URL(), log)
	var err error
	meter := sdk.NewMeterProvider(sdk.WithReader(s.reader)).Meter("books")
	if s.auditor, err = New(s.bus, meter, log, func() time.Time { return s.now }); err != nil {
		t.Fatal(err)
	}
	s.begin(t)
	return s
}

// begin starts a process.
func (s *stage) begin(t *testing.T) {
	t.Helper()
	var err error
	if s.account, err = Open(t.Context(), s.bus, "worker", slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	s.stop = testbed.Running(t, s.account.Run)
}

// make makes n deliveries of one event, as a router does.
func (s *stage) make(t *testing.T, n int, counted bool) {
	t.Helper()
	msgs, acks := make([]bus.Msg, n), make([]bus.Ack, n)
	for i := range msgs {
		s.made++
		msgs[i] = bus.Msg{Subject: bus.DeliverySubject(bus.LaneFresh, "t", "s"), ID: "d" + strconv.Itoa(s.made)}
	}
	if err := s.bus.NewPublisher(1, 1<<20).PublishAcked(t.Context(), msgs, acks); err != nil {
		t.Fatal(err)
	}
	if counted {
		s.account.Made(n, acks)
	}
}

// end takes a delivery and ends it, as a dispatcher does.
func (s *stage) end(t *testing.T, outcome posthastev1.Outcome, counted bool) {
	t.Helper()
	c, err := s.bus.JS.Consumer(t.Context(), bus.StreamDeliveries, string(bus.LaneFresh))
	if err != nil {
		t.Fatal(err)
	}
	msg, err := c.Next(jetstream.FetchMaxWait(testbed.Patience))
	if err != nil {
		t.Fatal(err)
	}
	acks := make([]bus.Ack, 1)
	record := bus.Msg{Subject: bus.AttemptSubject("t", "s"), ID: "record of " + msg.Headers().Get(jetstream.MsgIDHeader)}
	if err := s.bus.NewPublisher(1, 1<<20).PublishAcked(t.Context(), []bus.Msg{record}, acks); err != nil {
		t.Fatal(err)
	}
	if counted {
		s.account.Recorded(outcome, acks[0])
	}
	if err := msg.DoubleAck(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// look looks a while later.
func (s *stage) look(t *testing.T) *Books {
	t.Helper()
	s.now = s.now.Add(quiet)
	b, err := s.auditor.Look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// settled looks until nothing moves and holds is true. By its clock the account
// would be late, so that is waited for first.
func (s *stage) settled(t *testing.T, what string, holds func(*Books) bool) *Books {
	t.Helper()
	testbed.Eventually(t, "the account is written", func() bool {
		l, err := readLedger(t.Context(), s.bus)
		return err == nil && l.entries[s.account.key].Totals == s.account.totals()
	})
	var b *Books
	testbed.Eventually(t, what, func() bool {
		b = s.look(t)
		return b.Settled && holds(b)
	})
	return b
}

const (
	delivered = posthastev1.Outcome_OUTCOME_DELIVERED
	failed    = posthastev1.Outcome_OUTCOME_FAILED
	cancelled = posthastev1.Outcome_OUTCOME_CANCELLED
)

// An empty installation is opened at once, and what is done afterwards balances.
func TestBalances(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	if b := s.look(t); b.OpenedAt == nil {
		t.Fatal("the books of an empty installation are not opened")
	}
	s.make(t, 4, true)
	for _, outcome := range []posthastev1.Outcome{delivered, failed, cancelled} {
		s.end(t, outcome, true)
	}
	want := Deliveries{Made: 4, Delivered: 1, Failed: 1, Cancelled: 1, Waiting: 1}
	b := s.settled(t, "all is counted", func(b *Books) bool { return b.Deliveries == want })
	if b.Missing != 0 || b.Uncounted != (Uncounted{}) || !slices.Contains(b.Open, "1 deliveries wait in the lane fresh") {
		t.Errorf("%+v", b)
	}
	s.stop() // a process that ends in order takes nothing with it
	s.begin(t)
	s.end(t, delivered, true)
	want = Deliveries{Made: 4, Delivered: 2, Failed: 1, Cancelled: 1}
	s.settled(t, "another process went on", func(b *Books) bool { return b.Deliveries == want && b.Missing == 0 })
}

// What vanishes from a stream is missing, until an operator has seen it.
func TestShowsWhatWasRemovedByHand(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.look(t)
	s.make(t, 3, true)
	s.settled(t, "all is counted", func(b *Books) bool { return b.Deliveries.Made == 3 && b.Missing == 0 })
	stream, err := s.bus.JS.Stream(t.Context(), bus.StreamDeliveries)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.DeleteMsg(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	s.settled(t, "it is missing", func(b *Books) bool { return b.Missing == 1 && b.Deliveries.Waiting == 2 })
	if got := s.shown(t)["posthaste.books.missing"]; got != 1 {
		t.Errorf("the metric says %d", got)
	}
	s.now = s.now.Add(quiet)
	b, err := s.auditor.Reopen(t.Context())
	if err != nil || b.Missing != 0 || b.Opened != whyAsked || b.Deliveries != (Deliveries{Made: 2, Waiting: 2}) {
		t.Errorf("%+v, %v", b, err)
	}
	if !strings.Contains(s.log.String(), `level=WARN msg="books opened anew" reason="an operator asked for it" missing=1`) {
		t.Errorf("the log:\n%s", s.log.String())
	}
}

// A process that was killed before it wrote makes no false alarm: what streams
// have and no account has is not taken for a loss, and the books are opened anew.
func TestKilledProcess(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.look(t)
	s.make(t, 3, true)
	s.end(t, delivered, false)
	b := s.look(t)
	if b.Settled || b.Uncounted.Records != 1 || b.lost() > 0 {
		t.Errorf("%+v", b)
	}
	b = s.settled(t, "the books are opened anew", func(b *Books) bool { return b.Opened == whyKilled })
	if b.Missing != 0 || b.Uncounted != (Uncounted{}) || b.Deliveries != (Deliveries{Made: 2, Waiting: 2}) {
		t.Errorf("%+v", b)
	}
}

// Two who make the same deliveries count them once.
func TestRepeatsAreCountedOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.look(t)
	for range 2 {
		s.make(t, 2, true)
		s.made = 0
	}
	s.settled(t, "two are counted", func(b *Books) bool { return b.Deliveries == (Deliveries{Made: 2, Waiting: 2}) && b.Missing == 0 })
}

// Where work was under way before there were books they are opened at rest, and
// what waits is carried over.
func TestOpensAtRest(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.make(t, 2, false)
	if b := s.look(t); b.OpenedAt != nil || b.Missing != 0 || len(b.Open) == 0 {
		t.Errorf("%+v", b)
	}
	if got := s.shown(t); got["posthaste.books.missing"] != -1 {
		t.Errorf("a metric says what is not known: %v", got)
	}
	b := s.settled(t, "they are opened", func(b *Books) bool { return b.OpenedAt != nil })
	if b.Opened != "" || b.Deliveries != (Deliveries{Made: 2, Waiting: 2}) || b.Missing != 0 {
		t.Errorf("%+v", b)
	}
	if _, err := s.auditor.Reopen(t.Context()); err == nil {
		t.Error("opened anew without a moment's rest")
	}
}

// Accounts of processes that have ended are summed up, so that they do not grow
// for ever, and nothing changes.
func TestFolds(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.look(t)
	s.make(t, 2, true)
	s.end(t, delivered, true)
	s.stop()
	s.begin(t)
	s.make(t, 1, true)
	want := Deliveries{Made: 3, Delivered: 1, Waiting: 2}
	s.settled(t, "all is counted", func(b *Books) bool { return b.Deliveries == want })
	s.now = s.now.Add(foldAfter)
	bucket, err := s.bus.JS.KeyValue(t.Context(), bus.BucketBooks)
	if err != nil {
		t.Fatal(err)
	}
	keys := func() []string {
		all, err := bucket.Keys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	testbed.Eventually(t, "the first account is dropped", func() bool {
		if b := s.look(t); b.Deliveries != want || b.Missing != 0 {
			t.Fatalf("%+v", b)
		}
		return len(keys()) == 2 // the opening, and the account that is open
	})
	s.settled(t, "nothing has changed", func(b *Books) bool { return b.Deliveries == want && b.Missing == 0 })
}

func TestRun(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	stop := testbed.Running(t, s.auditor.Run)
	testbed.Eventually(t, "the books are shown", func() bool { return s.shown(t)["posthaste.books.missing"] == 0 })
	stop()
	if got := s.shown(t)["posthaste.books.missing"]; got != -1 {
		t.Errorf("after its end: %d", got)
	}
}

// A nil account counts nothing, for those who have no books.
func TestNilAccount(t *testing.T) {
	t.Parallel()
	var a *Account
	a.Routed()
	a.Rejected()
	a.Made(1, []bus.Ack{{}})
	a.Recorded(delivered, bus.Ack{})
}

// The form in the bucket is read by other versions.
func TestForm(t *testing.T) {
	t.Parallel()
	e := entry{Service: "router", Closed: true, Totals: Totals{Events: 1, Rejected: 2, Made: 3, Delivered: 4, Failed: 5, Cancelled: 6, Records: 7}}
	data, err := json.Marshal(e)
	const want = `{"service":"router","startedAt":"0001-01-01T00:00:00Z","updatedAt":"0001-01-01T00:00:00Z","closed":true,` +
		`"events":1,"rejected":2,"made":3,"delivered":4,"failed":5,"cancelled":6,"records":7}`
	if err != nil || string(data) != want {
		t.Errorf("%s, %v", data, err)
	}
}

// shown are the metrics without labels; missing is -1 where nothing is shown.
func (s *stage) shown(t *testing.T) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := s.reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	found := map[string]int64{"posthaste.books.missing": -1}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if data, ok := m.Data.(metricdata.Gauge[int64]); ok && len(data.DataPoints) == 1 {
				found[m.Name] = data.DataPoints[0].Value
			}
		}
	}
	return found
}
