package notify

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/posthaste/posthaste/pkg/eventid"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/bustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inbox is an HTTP receiver of the operator's.
type inbox struct {
	*httptest.Server
	mu    sync.Mutex
	texts []string                       // that were taken
	tries int                            // taken or not
	say   func(http.ResponseWriter) bool // whether it takes a message; nil: it does
}

func newInbox(tb testing.TB, say func(http.ResponseWriter) bool) *inbox {
	tb.Helper()
	in := &inbox{say: say}
	in.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		in.mu.Lock()
		in.tries++
		say := in.say
		in.mu.Unlock()
		if say != nil && !say(w) {
			return
		}
		in.mu.Lock()
		defer in.mu.Unlock()
		in.texts = append(in.texts, string(body))
	}))
	tb.Cleanup(in.Close)
	return in
}

// refuses answers with a status for the first n tries.
func refuses(n, status int) func(http.ResponseWriter) bool {
	var mu sync.Mutex
	return func(w http.ResponseWriter) bool {
		mu.Lock()
		defer mu.Unlock()
		if n == 0 {
			return true
		}
		n--
		w.WriteHeader(status)
		return false
	}
}

const always = -1

// url is the inbox as shoutrrr names it, with a secret in every part.
func (in *inbox) url() string {
	return strings.Replace(in.URL, "http://", "generic+http://hushuser:hushpass@", 1) + "/hushpath?token=hushtoken"
}

// change changes what the inbox says.
func (in *inbox) change(say func(http.ResponseWriter) bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.say = say
}

func (in *inbox) taken() []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]string(nil), in.texts...)
}

func (in *inbox) tried() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.tries
}

// takes waits until the inbox has n messages.
func (in *inbox) takes(tb testing.TB, n int) []string {
	tb.Helper()
	testbed.Eventually(tb, fmt.Sprintf("%d messages", n), func() bool { return len(in.taken()) >= n })
	return in.taken()
}

// house is a NATS with subscriptions.
type house struct {
	nats   *testbed.NATS
	bus    *bus.Bus
	store  *subscription.Store
	log    *testbed.Log
	reader *sdkmetric.ManualReader
	meters *sdkmetric.MeterProvider
}

func newHouse(tb testing.TB) *house {
	tb.Helper()
	h := &house{nats: testbed.StartNATS(tb), log: &testbed.Log{}, reader: sdkmetric.NewManualReader()}
	h.meters = sdkmetric.NewMeterProvider(sdkmetric.WithReader(h.reader))
	h.bus = bustest.Connect(tb, h.nats.URL(), slog.New(slog.DiscardHandler))
	var err error
	if h.store, err = subscription.NewStore(tb.Context(), h.bus, nil); err != nil {
		tb.Fatal(err)
	}
	return h
}

// notifier makes one with short pauses.
func (h *house) notifier(tb testing.TB, change func(*Config), urls ...string) *Notifier {
	tb.Helper()
	cfg := settings.Defaults[Config]()
	for _, u := range urls {
		cfg.URLs = append(cfg.URLs, settings.Secret(u))
	}
	if change != nil {
		change(&cfg)
	}
	log := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	n, err := New(cfg, h.bus, log, h.meters.Meter("test"))
	if err != nil {
		tb.Fatal(err)
	}
	n.pause = func(uint64) time.Duration { return 10 * time.Millisecond }
	return n
}

// run runs it and returns once it takes events.
func (h *house) run(tb testing.TB, n *Notifier) (stop func()) {
	tb.Helper()
	stop = testbed.Running(tb, n.Run)
	testbed.Eventually(tb, "the consumer waits for events", func() bool {
		c, err := h.bus.JS.Consumer(tb.Context(), bus.StreamEvents, bus.ConsumerNotifier)
		return err == nil && c.CachedInfo().NumWaiting > 0
	})
	return stop
}

// disable makes a subscription of tenant acme that was disabled now, and tells
// of it as a dispatcher does.
func (h *house) disable(tb testing.TB, id, reason string) time.Time {
	tb.Helper()
	pb := &posthastev1.Subscription{Id: id, Tenant: "acme", Url: "https://user:hushpass@hooks.example.com/in/1?key=hushkey"}
	at := time.Now()
	subscription.MarkDisabled(pb, reason, at)
	if _, err := h.store.Create(tb.Context(), pb); err != nil {
		tb.Fatal(err)
	}
	h.announce(tb, id, fmt.Sprintf(`{"subscriptionId":%q,"url":%q,"reason":%q,"disabledAt":%q}`,
		id, pb.GetUrl(), reason, at.UTC().Format(time.RFC3339Nano)))
	return at
}

// announce publishes an event of the type with any data.
func (h *house) announce(tb testing.TB, id, data string) {
	tb.Helper()
	h.publish(tb, fmt.Sprintf(`{"id":"evt_%s","timestamp":%q,"data":%s}`, id, timestamppb.Now().AsTime().Format(time.RFC3339), data))
}

func (h *house) publish(tb testing.TB, text string) {
	tb.Helper()
	_, err := h.bus.JS.Publish(tb.Context(), eventid.Subject("acme", event.TypeDisabled), []byte(text))
	if err != nil {
		tb.Fatal(err)
	}
}

// settled waits until the consumer has seen and settled n events.
func (h *house) settled(tb testing.TB, n uint64) {
	tb.Helper()
	testbed.Eventually(tb, "all events are settled", func() bool {
		c, err := h.bus.JS.Consumer(context.Background(), bus.StreamEvents, bus.ConsumerNotifier)
		if err != nil {
			return false
		}
		info := c.CachedInfo()
		return info.NumPending == 0 && info.NumAckPending == 0 && info.AckFloor.Consumer >= n
	})
}

// counted reads the counter by outcome.
func (h *house) counted(tb testing.TB, outcome string) int64 {
	tb.Helper()
	var all metricdata.ResourceMetrics
	if err := h.reader.Collect(tb.Context(), &all); err != nil {
		tb.Fatal(err)
	}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
				if v, _ := point.Attributes.Value("outcome"); m.Name == "posthaste.notifications" && v.AsString() == outcome {
					return point.Value
				}
			}
		}
	}
	return 0
}

// keepsSecrets holds where a text has none of the secrets of these tests.
func keepsSecrets(tb testing.TB, what, text string) {
	tb.Helper()
	if at := strings.Index(text, "hush"); at >= 0 {
		tb.Errorf("%s tells a secret: …%s", what, text[max(0, at-80):])
	}
}
