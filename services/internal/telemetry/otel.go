package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"golang.org/x/sync/errgroup"

	"github.com/posthaste/posthaste/services/internal/tracing"
)

// closeWithin bounds how long the end of a process waits for a collector that
// does not answer.
const closeWithin = 2 * time.Second

// Telemetry is what a process speaks of itself with: its log, its metrics, and
// its traces where somebody asked for them.
type Telemetry struct {
	cfg     Config
	log     *slog.Logger
	metrics *Metrics
	traces  *sdktrace.TracerProvider // nil: none are made
	logs    *sdklog.LoggerProvider   // nil: the log goes nowhere else
	// life ends when nothing is to be waited for any more.
	life context.Context //nolint:containedctx // exporters ask it
	end  context.CancelFunc
}

// Open starts the telemetry of a service. What is exported, where to and how is
// up to OpenTelemetry's environment variables; without them nothing is. log is
// where this process logs anyway. The error names the variable at fault.
func Open(ctx context.Context, service string, cfg Config, log *slog.Logger) (_ *Telemetry, err error) {
	t := &Telemetry{cfg: cfg, log: log}
	t.life, t.end = context.WithCancel(context.WithoutCancel(ctx))
	defer func() {
		if err != nil {
			_ = t.Close()
		}
	}()
	if !wanted(traces) && !wanted(metrics) && !wanted(logs) {
		t.metrics, err = NewMetrics()
		return t, err
	}
	listen(log)
	about, err := describe(ctx, service)
	if err != nil {
		return t, err
	}
	if err := t.openMetrics(ctx, about); err != nil {
		return t, err
	}
	if err := t.openTraces(ctx, about); err != nil {
		return t, err
	}
	if err := t.openLogs(ctx, about); err != nil {
		return t, err
	}
	return t, nil
}

func (t *Telemetry) openTraces(ctx context.Context, about *resource.Resource) error {
	if !wanted(traces) {
		return nil
	}
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return exporterError(traces, err)
	}
	// Its queue drops what it has no room for, and never makes anybody wait. The
	// sampler and all bounds come from the environment.
	t.traces = sdktrace.NewTracerProvider(sdktrace.WithResource(about), sdktrace.WithBatcher(spanExporter{exporter, t.life}))
	return nil
}

func (t *Telemetry) openMetrics(ctx context.Context, about *resource.Resource) (err error) {
	options := []sdkmetric.Option{sdkmetric.WithResource(about)}
	also := wanted(metrics)
	if also {
		reader, err := autoexport.NewMetricReader(ctx)
		if err != nil {
			return exporterError(metrics, err)
		}
		options = append(options, sdkmetric.WithReader(reader))
	}
	if t.metrics, err = NewMetrics(options...); err != nil || !also {
		return err
	}
	if err := runtime.Start(runtime.WithMeterProvider(t.metrics.provider)); err != nil {
		return fmt.Errorf("start metrics of the Go runtime: %w", err)
	}
	return nil
}

func (t *Telemetry) openLogs(ctx context.Context, about *resource.Resource) error {
	if wanted(logs) {
		exporter, err := autoexport.NewLogExporter(ctx)
		if err != nil {
			return exporterError(logs, err)
		}
		t.logs = sdklog.NewLoggerProvider(sdklog.WithResource(about), sdklog.WithProcessor(sdklog.NewBatchProcessor(logExporter{exporter, t.life})))
		t.log = alsoTo(t.log, t.logs, t.cfg.LogLevel)
	}
	if t.traces != nil {
		t.log = slog.New(inSpan{t.log.Handler()})
	}
	return nil
}

func exporterError(signal string, err error) error {
	name := exporterVariable(signal)
	return fmt.Errorf("%s=%s, or the OTEL_EXPORTER_OTLP_… variables with it: %w", name, os.Getenv(name), err)
}

// Log is where the process is to log.
func (t *Telemetry) Log() *slog.Logger { return t.log }

// Metrics are read at /metrics, whatever else is exported.
func (t *Telemetry) Metrics() *Metrics { return t.metrics }

// Meter is what a service makes its instruments with.
func (t *Telemetry) Meter(name string) metric.Meter { return t.metrics.Meter(name) }

// Tracer makes the spans of a service; nil where none are wanted.
func (t *Telemetry) Tracer(name string) *tracing.Tracer {
	if t.traces == nil {
		return nil
	}
	return tracing.New(t.traces.Tracer("posthaste/"+name), t.cfg.TraceFanOut)
}

// Server has each request in a span of its own, where spans are wanted.
func (t *Telemetry) Server(next http.Handler) http.Handler { return t.Tracer("http").Server(next) }

// Close sends what has not been sent yet, within two seconds, and releases
// everything.
func (t *Telemetry) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	defer t.end()
	defer context.AfterFunc(ctx, t.end)()
	// All at once: what is asked to stop when the time is over may not.
	var group errgroup.Group
	if t.traces != nil {
		group.Go(func() error { return t.traces.Shutdown(ctx) })
	}
	if t.metrics != nil {
		group.Go(func() error { return t.metrics.Shutdown(ctx) })
	}
	if t.logs != nil {
		group.Go(func() error { return t.logs.Shutdown(ctx) })
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("close telemetry: %w", err)
	}
	return nil
}
