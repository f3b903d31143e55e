package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestLogger(t *testing.T) {
	t.Parallel()
	var text, asJSON bytes.Buffer
	NewLogger(Config{LogLevel: slog.LevelWarn, LogFormat: "text"}, &text).Info("quiet")
	NewLogger(Config{LogLevel: slog.LevelWarn, LogFormat: "text"}, &text).Warn("loud", "k", 1)
	if got := text.String(); strings.Contains(got, "quiet") || !strings.Contains(got, "level=WARN msg=loud k=1") {
		t.Errorf("text log %q", got)
	}
	NewLogger(Config{LogFormat: "json"}, &asJSON).Info("hello", "k", 1)
	var line map[string]any
	if err := json.Unmarshal(asJSON.Bytes(), &line); err != nil || line["msg"] != "hello" || line["k"] != 1.0 {
		t.Errorf("JSON log %s: %v", asJSON.Bytes(), err)
	}
}

func scrape(m *Metrics) string {
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	mine, other := newMetrics(t), newMetrics(t)
	counter, err := mine.Meter("ingest").Int64Counter("posthaste.ingest.events")
	if err != nil {
		t.Fatal(err)
	}
	counter.Add(t.Context(), 3)
	got := scrape(mine)
	for _, want := range []string{"posthaste_ingest_events_total{", "go_goroutines ", "process_cpu_seconds_total "} {
		if !strings.Contains(got, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if !strings.Contains(got, "} 3\n") {
		t.Error("the counter is not 3")
	}
	if strings.Contains(scrape(other), "posthaste_ingest_events") {
		t.Error("two instances in one process share their metrics")
	}
}

func newMetrics(t *testing.T) *Metrics {
	t.Helper()
	m, err := NewMetrics()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return m
}
