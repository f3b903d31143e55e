package dispatcher

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/policy"
	"github.com/posthaste/posthaste/services/internal/redisstore"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/ssrf"
	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/bustest"
	"github.com/posthaste/posthaste/services/internal/testbed/sealedtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// secret signs all deliveries of the tests.
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// house is what dispatchers need, without a dispatcher.
type house struct {
	bus   *bus.Bus
	live  *subscription.Live
	redis *redisstore.Store
	log   *testbed.Log
	cfg   Config
	deps  Deps
	// retries makes the policies of dispatchers that are started.
	retries policy.Config
}

func newHouse(tb testing.TB, change ...func(*bus.Config)) *house {
	tb.Helper()
	h := &house{log: &testbed.Log{}, cfg: settings.Defaults[Config](), retries: settings.Defaults[policy.Config]()}
	h.retries.RetryDelays = []string{"100ms", "250ms"}
	log := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.bus = bustest.Connect(tb, testbed.StartNATS(tb).URL(), log, change...)
	var err error
	if h.live, err = subscription.Open(tb.Context(), h.bus, sealedtest.Keys(tb), log); err != nil {
		tb.Fatal(err)
	}
	testbed.Running(tb, h.live.Watcher.Run)
	h.startRedis(tb, log)
	h.deps = Deps{
		Bus: h.bus, Store: h.live.Store, Index: h.live.Index, Loaded: h.live.Watcher.Loaded(), Redis: h.redis,
		Dialects: dialect.Builtin(),
		Guard:    ssrf.New(ssrf.Config{AllowInsecure: true, AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, nil),
		Log:      log, Meter: noop.Meter{},
	}
	return h
}

func (h *house) startRedis(tb testing.TB, log *slog.Logger) {
	tb.Helper()
	cfg := settings.Defaults[redisstore.Config]()
	cfg.RedisURL = settings.SecretURL(testbed.RedisURL(tb))
	cfg.RedisTimeout = 5 * time.Second
	var err error
	if h.redis, err = redisstore.New(cfg, log); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = h.redis.Close() })
	testbed.Running(tb, h.redis.Run)
}

// start starts a dispatcher.
func (h *house) start(tb testing.TB, change ...func(*Service)) (stop func()) {
	tb.Helper()
	s := h.dispatcher(tb)
	for _, c := range change {
		c(s)
	}
	return testbed.Running(tb, func(ctx context.Context) error { return s.Run(ctx, 5*time.Second) })
}

// dispatcher makes one that does not run.
func (h *house) dispatcher(tb testing.TB) *Service {
	tb.Helper()
	var err error
	if h.deps.Policies, err = policy.New(h.retries); err != nil {
		tb.Fatal(err)
	}
	s, err := New(h.cfg, h.deps)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// wish makes an active subscription of tenant t and returns its id.
func (h *house) wish(tb testing.TB, url string, change ...func(*posthastev1.Subscription)) string {
	tb.Helper()
	pb := &posthastev1.Subscription{
		Id: subscription.NewID(time.Now()), Tenant: "t", Url: url, EventTypes: []string{"*"}, Dialect: dialect.Standard,
		Status:  posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_ACTIVE,
		Secrets: []*posthastev1.Secret{{Value: secret}}, CreatedAt: timestamppb.Now(),
	}
	for _, c := range change {
		c(pb)
	}
	sub, err := h.live.Store.Create(tb.Context(), pb)
	if err != nil {
		tb.Fatal(err)
	}
	if err := h.live.Watcher.Await(tb.Context(), sub.Revision); err != nil {
		tb.Fatal(err)
	}
	return pb.GetId()
}

func delays(waits ...time.Duration) func(*posthastev1.Subscription) {
	return func(s *posthastev1.Subscription) {
		for _, w := range waits {
			s.Delays = append(s.Delays, durationpb.New(w))
		}
	}
}

// fresh makes deliveries as the router does and returns their ids.
func (h *house) fresh(tb testing.TB, sub string, n int) []string {
	tb.Helper()
	ids := make([]string, n)
	msgs := make([]bus.Msg, n)
	for i := range n {
		e := &posthastev1.Event{
			Id: fmt.Sprintf("evt_%s_%d_%d", sub, i, time.Now().UnixNano()), Tenant: "t", Type: "task.done",
			Time: timestamppb.Now(), Data: []byte(`{"b": 1.50, "a":"\u00e9"}`),
		}
		encoded, err := delivery.AppendEvent(nil, e)
		if err != nil {
			tb.Fatal(err)
		}
		ids[i] = delivery.ID(e, sub)
		msgs[i] = bus.Msg{
			Subject: bus.DeliverySubject(bus.LaneFresh, "t", sub), ID: ids[i],
			Data: delivery.EncodeNew(ids[i], sub, encoded, uint64(i+1), timestamppb.Now(), timestamppb.Now()),
		}
	}
	if err := h.bus.NewPublisher(512, 8<<20).Publish(tb.Context(), msgs); err != nil {
		tb.Fatal(err)
	}
	return ids
}

// count is how many messages a stream holds.
func (h *house) count(tb testing.TB, name string) int {
	tb.Helper()
	s, err := h.bus.JS.Stream(context.Background(), name)
	if err != nil {
		tb.Fatal(err)
	}
	return int(s.CachedInfo().State.Msgs)
}

// attempts waits for n records and returns them all.
func (h *house) attempts(tb testing.TB, n int) []*posthastev1.Attempt {
	tb.Helper()
	testbed.Eventually(tb, fmt.Sprint(n, " records of attempts"), func() bool { return h.count(tb, bus.StreamAttempts) >= n })
	var records []*posthastev1.Attempt
	for _, msg := range testbed.Messages(tb, h.bus.JS, bus.StreamAttempts) {
		r := &posthastev1.Attempt{}
		if err := proto.Unmarshal(msg.Data, r); err == nil && r.GetDeliveryId() != "" {
			records = append(records, r)
		}
	}
	if len(records) != n {
		tb.Errorf("%d records, want %d", len(records), n)
	}
	return records
}

// settled waits until nothing is under way and nothing waits.
func (h *house) settled(tb testing.TB) {
	tb.Helper()
	// A delivery is always in one of the two, but may change between one look
	// and the next: two rounds see it.
	testbed.Eventually(tb, "nothing is left", func() bool {
		for range 2 {
			if h.count(tb, bus.StreamDeliveries) > 0 || h.count(tb, bus.StreamDelays) > 0 {
				return false
			}
		}
		return true
	})
}

// posted is a request that came to an endpoint.
type posted struct {
	*http.Request
	body string
	at   time.Time
}

// endpoint takes POSTs and answers as told.
type endpoint struct {
	*httptest.Server
	mu   sync.Mutex
	came []posted
}

// newEndpoint answers the nth POST, from 1, by answer; nil for 200.
func newEndpoint(tb testing.TB, answer func(w http.ResponseWriter, r *http.Request, n int)) *endpoint {
	tb.Helper()
	e := &endpoint{}
	e.Server = httptest.NewServer(e.handler(answer))
	tb.Cleanup(e.Close)
	return e
}

func (e *endpoint) handler(answer func(w http.ResponseWriter, r *http.Request, n int)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		e.mu.Lock()
		e.came = append(e.came, posted{r, string(body), time.Now()})
		n := len(e.came)
		e.mu.Unlock()
		if answer != nil {
			answer(w, r, n)
		}
	})
}

func (e *endpoint) posts() []posted {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]posted(nil), e.came...)
}

func (e *endpoint) count() int { return len(e.posts()) }

// status answers each POST with this status.
func status(code int) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(code) }
}
