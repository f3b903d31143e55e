package dispatcher

import (
	"net/http"
	"testing"

	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// read collects what the meter has: a gauge's value, or how often a histogram was
// told of something.
func readMetrics(t *testing.T, reader sdk.Reader) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	out := make(map[string]int64)
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Gauge[int64]:
				out[m.Name] = data.DataPoints[0].Value
			case metricdata.Histogram[float64]:
				out[m.Name] = int64(data.DataPoints[0].Count)
			}
		}
	}
	return out
}

func TestGaugesAndTimes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	reader := sdk.NewManualReader()
	h.deps.Meter = sdk.NewMeterProvider(sdk.WithReader(reader)).Meter("test")
	h.cfg.Gate.CircuitAfter = 1
	h.start(t)
	good, bad := newEndpoint(t, nil), newEndpoint(t, status(http.StatusInternalServerError))
	h.fresh(t, h.wish(t, good.URL), 1)
	testbed.Eventually(t, "the time of an event's delivery", func() bool { return readMetrics(t, reader)["posthaste.dispatcher.event.duration"] == 1 })
	if got := readMetrics(t, reader); got["posthaste.dispatcher.queue.duration"] != 1 || got["posthaste.dispatcher.circuits.open"] != 0 || got["posthaste.dispatcher.redis.away"] != 0 {
		t.Errorf("metrics %v", got)
	}
	h.fresh(t, h.wish(t, bad.URL, func(s *posthastev1.Subscription) { s.DisableAfter = new(uint32) }), 1)
	testbed.Eventually(t, "an open circuit", func() bool { return readMetrics(t, reader)["posthaste.dispatcher.circuits.open"] == 1 })
}
