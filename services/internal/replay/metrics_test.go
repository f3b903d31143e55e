package replay

import (
	"testing"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/posthaste/posthaste/services/internal/testbed"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, 120, tasks)
	reader := metric.NewManualReader()
	r := h.runner(t, quick())
	var err error
	if r.metrics, err = newMetrics(metric.NewMeterProvider(metric.WithReader(reader)).Meter("test")); err != nil {
		t.Fatal(err)
	}
	sums := func() map[string]int64 {
		var all metricdata.ResourceMetrics
		if err := reader.Collect(t.Context(), &all); err != nil {
			t.Fatal(err)
		}
		found := map[string]int64{}
		for _, scope := range all.ScopeMetrics {
			for _, m := range scope.Metrics {
				for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
					found[m.Name] += point.Value
				}
			}
		}
		return found
	}
	testbed.Running(t, r.Run)
	h.ends(t, h.begin(t, r))
	h.begin(t, r, slow)
	testbed.Eventually(t, "one of two replays runs, and all is counted", func() bool {
		got := sums()
		return got["posthaste.replay.running"] == 1 && got["posthaste.replay.deliveries"] == 121
	})
}
