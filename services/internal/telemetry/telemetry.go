// Package telemetry makes the logger, the meter and the tracer that come in by
// the door of every service.
package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// Config says how a process speaks of itself.
type Config struct {
	LogLevel  slog.Level `name:"log-level" group:"Telemetry" help:"Least level that is logged: debug, info, warn or error." default:"info"`
	LogFormat string     `name:"log-format" group:"Telemetry" help:"Form of a log line: text or json." enum:"text,json" default:"text"`
	Profile   bool       `name:"pprof" group:"Telemetry" help:"Serve /debug/pprof on the admin address." default:"false"`

	TraceFanOut int `name:"trace-fan-out" group:"Telemetry" unit:"count" help:"Deliveries of one event, and events of one request, up to which all are in one trace. Beyond, each has a trace of its own that links to it." default:"100"`
}

// Validate names the setting that cannot work.
func (c *Config) Validate() error {
	if c.TraceFanOut < 0 {
		return fmt.Errorf("trace-fan-out: must be at least 0, is %d", c.TraceFanOut)
	}
	return nil
}

// NewLogger logs to w as the configuration says.
func NewLogger(cfg Config, w io.Writer) *slog.Logger {
	opts := &slog.HandlerOptions{Level: cfg.LogLevel}
	if cfg.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// Metrics is a meter provider that is read at /metrics.
type Metrics struct {
	provider *sdkmetric.MeterProvider
	registry *prometheus.Registry
}

// NewMetrics makes a provider of its own: two may share a process. Options may
// add readers.
func NewMetrics(options ...sdkmetric.Option) (*Metrics, error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	exporter, err := otelprom.New(otelprom.WithRegisterer(registry))
	if err != nil {
		return nil, fmt.Errorf("make metrics exporter: %w", err)
	}
	options = append(options, sdkmetric.WithReader(exporter))
	return &Metrics{provider: sdkmetric.NewMeterProvider(options...), registry: registry}, nil
}

// Meter is what a service makes its instruments with.
func (m *Metrics) Meter(name string) metric.Meter { return m.provider.Meter("posthaste/" + name) }

// Handler answers /metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Shutdown releases the provider.
func (m *Metrics) Shutdown(ctx context.Context) error {
	if err := m.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("shut down metrics: %w", err)
	}
	return nil
}
