package collector

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/fileexporter"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry"
)

// collector is an OpenTelemetry Collector with its OTLP receiver and its file
// exporter.
type collector struct {
	url string
	dir string
}

const collectorConfig = `yaml:
receivers:
  otlp: {protocols: {http: {endpoint: %[1]q}}}
exporters:
  file/traces: {path: %[2]q, flush_interval: 50ms}
  file/metrics: {path: %[3]q, flush_interval: 50ms}
  file/logs: {path: %[4]q, flush_interval: 50ms}
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [file/traces]}
    metrics: {receivers: [otlp], exporters: [file/metrics]}
    logs: {receivers: [otlp], exporters: [file/logs]}
`

// startCollector returns when the collector takes OTLP.
func startCollector(t *testing.T) *collector {
	t.Helper()
	addr := freeAddr(t)
	c := &collector{url: "http://" + addr, dir: t.TempDir()}
	config := fmt.Sprintf(collectorConfig, addr, c.file("traces"), c.file("metrics"), c.file("logs"))
	it, err := otelcol.NewCollector(otelcol.CollectorSettings{
		Factories: factories, BuildInfo: component.NewDefaultBuildInfo(), DisableGracefulShutdown: true,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			URIs: []string{config}, ProviderFactories: []confmap.ProviderFactory{yamlprovider.NewFactory()},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- it.Run(context.WithoutCancel(t.Context())) }()
	t.Cleanup(func() {
		it.Shutdown()
		if err := <-ended; err != nil {
			t.Errorf("collector: %v", err)
		}
	})
	eventually(t, "the collector to run", func() bool {
		select {
		case err := <-ended:
			t.Fatalf("collector: %v", err)
		default:
		}
		return it.GetState() == otelcol.StateRunning
	}, nil)
	return c
}

func factories() (f otelcol.Factories, err error) {
	if f.Receivers, err = otelcol.MakeFactoryMap[receiver.Factory](otlpreceiver.NewFactory()); err != nil {
		return f, err
	}
	f.Exporters, err = otelcol.MakeFactoryMap[exporter.Factory](fileexporter.NewFactory())
	// Of itself it tells nothing.
	f.Telemetry = telemetry.NewFactory(func() component.Config { return struct{}{} })
	return f, err
}

func (c *collector) file(signal string) string { return filepath.Join(c.dir, signal+".json") }

// lines are the whole lines that the file exporter has written.
func (c *collector) lines(t *testing.T, signal string) [][]byte {
	t.Helper()
	text, err := os.ReadFile(c.file(signal))
	if err != nil {
		t.Fatal(err)
	}
	all := bytes.Split(text, []byte("\n"))
	return all[:len(all)-1] // what is after the last end of a line is not whole yet
}

// traceSpan is a span with the service that made it.
type traceSpan struct {
	ptrace.Span
	service string
}

// spans are those of one trace, or of all for "".
func (c *collector) spans(t *testing.T, traceID string) (out []traceSpan) {
	t.Helper()
	var decode ptrace.JSONUnmarshaler
	for _, line := range c.lines(t, "traces") {
		batch, err := decode.UnmarshalTraces(line)
		if err != nil {
			t.Fatal(err)
		}
		for _, of := range batch.ResourceSpans().All() {
			service, _ := of.Resource().Attributes().Get("service.name")
			for _, scope := range of.ScopeSpans().All() {
				for _, span := range scope.Spans().All() {
					if traceID == "" || span.TraceID().String() == traceID {
						out = append(out, traceSpan{span, service.Str()})
					}
				}
			}
		}
	}
	return out
}

// metrics are the names of all that have come.
func (c *collector) metrics(t *testing.T) map[string]bool {
	t.Helper()
	out := make(map[string]bool)
	var decode pmetric.JSONUnmarshaler
	for _, line := range c.lines(t, "metrics") {
		batch, err := decode.UnmarshalMetrics(line)
		if err != nil {
			t.Fatal(err)
		}
		for _, of := range batch.ResourceMetrics().All() {
			for _, scope := range of.ScopeMetrics().All() {
				for _, m := range scope.Metrics().All() {
					out[m.Name()] = true
				}
			}
		}
	}
	return out
}

// logs are the lines with this text.
func (c *collector) logs(t *testing.T, text string) (out []plog.LogRecord) {
	t.Helper()
	var decode plog.JSONUnmarshaler
	for _, line := range c.lines(t, "logs") {
		batch, err := decode.UnmarshalLogs(line)
		if err != nil {
			t.Fatal(err)
		}
		for _, of := range batch.ResourceLogs().All() {
			for _, scope := range of.ScopeLogs().All() {
				for _, r := range scope.LogRecords().All() {
					if r.Body().Str() == text {
						out = append(out, r)
					}
				}
			}
		}
	}
	return out
}
