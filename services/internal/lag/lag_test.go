package lag

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delay"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/bustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

// stage is a Watch on a server of its own, read as /metrics reads it.
type stage struct {
	nats   *testbed.NATS
	bus    *bus.Bus
	watch  *Watch
	reader sdk.Reader
}

func newStage(t *testing.T, log *slog.Logger, ahead time.Duration) *stage {
	t.Helper()
	s := &stage{nats: testbed.StartNATS(t), reader: sdk.NewManualReader()}
	s.bus = bustest.Connect(t, s.nats.URL(), quiet)
	provider := sdk.NewMeterProvider(sdk.WithReader(s.reader))
	var err error
	s.watch, err = New(s.bus, provider.Meter("lag"), log, func() time.Time { return time.Now().Add(ahead) })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stage) publish(t *testing.T, subject string, n int) {
	t.Helper()
	for range n {
		if _, err := s.bus.JS.Publish(t.Context(), subject, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
}

// take fetches messages; those to be acked leave the queue.
func (s *stage) take(t *testing.T, stream, consumer string, n int, ack bool) {
	t.Helper()
	c, err := s.bus.JS.Consumer(t.Context(), stream, consumer)
	if err != nil {
		t.Fatal(err)
	}
	batch, err := c.Fetch(n, jetstream.FetchMaxWait(testbed.Patience))
	if err != nil {
		t.Fatal(err)
	}
	for msg := range batch.Messages() {
		if ack {
			if err := msg.DoubleAck(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// shown are the numbers by metric and labels: "posthaste.consumer.pending EVENTS router".
func (s *stage) shown(t *testing.T) map[string]float64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := s.reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]float64)
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Gauge[int64]:
				points(found, m.Name, data.DataPoints)
			case metricdata.Gauge[float64]:
				points(found, m.Name, data.DataPoints)
			default:
				t.Errorf("%s is %T", m.Name, data)
			}
		}
	}
	return found
}

func points[N int64 | float64](into map[string]float64, name string, all []metricdata.DataPoint[N]) {
	for _, p := range all {
		key := name
		for _, label := range []string{"stream", "consumer", "lane", "tier"} {
			if value, ok := p.Attributes.Value(attribute.Key(label)); ok {
				key += " " + value.AsString()
			}
		}
		into[key] = float64(p.Value)
	}
}

func TestShowsWhatWaits(t *testing.T) {
	t.Parallel()
	s := newStage(t, quiet, time.Hour)
	if err := s.bus.EnsureConsumer(t.Context(), bus.Consumer{
		Stream: bus.StreamDelays, Name: delay.Tiers[3].Name, Filter: bus.DelaySubject(delay.Tiers[3].Name, "*", "*"), MaxAckPending: 10, AckWait: time.Minute,
	}); err != nil {
		t.Fatal(err)
	}
	s.publish(t, "events.acme.order.paid", 3)
	s.publish(t, bus.DeliverySubject(bus.LaneFresh, "acme", "s"), 5)
	s.publish(t, bus.DeliverySubject(bus.LaneDue, "acme", "s"), 1)
	s.publish(t, bus.DelaySubject(delay.Tiers[3].Name, "acme", "s"), 4)
	s.take(t, bus.StreamDeliveries, string(bus.LaneFresh), 2, false)
	s.take(t, bus.StreamDeliveries, string(bus.LaneDue), 1, true)
	s.take(t, bus.StreamDelays, delay.Tiers[3].Name, 1, false)
	s.watch.refresh(t.Context())

	got := s.shown(t)
	age := got["posthaste.oldest.delivery.age fresh"]
	if age < time.Hour.Seconds() || age > (time.Hour+testbed.Patience).Seconds() {
		t.Errorf("the oldest is %v s old, want an hour", age)
	}
	delete(got, "posthaste.oldest.delivery.age fresh")
	if diff := cmp.Diff(map[string]float64{
		"posthaste.consumer.pending EVENTS router":        3,
		"posthaste.consumer.ack.pending EVENTS router":    0,
		"posthaste.consumer.pending DELIVERIES fresh":     3,
		"posthaste.consumer.ack.pending DELIVERIES fresh": 2,
		"posthaste.consumer.pending DELIVERIES bulk":      0,
		"posthaste.consumer.ack.pending DELIVERIES bulk":  0,
		"posthaste.consumer.pending DELIVERIES due":       0,
		"posthaste.consumer.ack.pending DELIVERIES due":   0,
		"posthaste.oldest.delivery.age bulk":              0,
		"posthaste.oldest.delivery.age due":               0,
		"posthaste.delays.waiting " + delay.Tiers[3].Name: 4,
	}, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

// A server whose clock is ahead must not make an age negative.
func TestAgeIsNotNegative(t *testing.T) {
	t.Parallel()
	s := newStage(t, quiet, -time.Hour)
	s.publish(t, bus.DeliverySubject(bus.LaneFresh, "acme", "s"), 1)
	s.watch.refresh(t.Context())
	if age, ok := s.shown(t)["posthaste.oldest.delivery.age fresh"]; !ok || age != 0 {
		t.Errorf("the age is %v (shown: %t), want 0", age, ok)
	}
}

// Old numbers would look like calm ones.
func TestShowsNothingWhileNATSIsAway(t *testing.T) {
	t.Parallel()
	var log testbed.Log
	s := newStage(t, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), 0)
	s.watch.refresh(t.Context())
	if len(s.shown(t)) == 0 {
		t.Fatal("nothing is shown")
	}
	if err := s.bus.JS.DeleteStream(t.Context(), bus.StreamDeliveries); err != nil {
		t.Fatal(err)
	}
	s.watch.refresh(t.Context())
	if got := slices.Sorted(maps.Keys(s.shown(t))); len(got) != 0 {
		t.Errorf("still shown: %q", got)
	}
	if !strings.Contains(log.String(), bus.StreamDeliveries) {
		t.Errorf("the log does not say why:\n%s", log.String())
	}
}

func TestRunLooksAtOnceAndEnds(t *testing.T) {
	t.Parallel()
	s := newStage(t, quiet, 0)
	stop := testbed.Running(t, s.watch.Run)
	testbed.Eventually(t, "metrics are shown", func() bool { return len(s.shown(t)) > 0 })
	stop()
	if got := s.shown(t); len(got) != 0 {
		t.Errorf("after its end: %v", got)
	}
}
