package telemetry

import (
	"context"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// spanExporter gives up when life ends. The SDK's processors go on for as long
// as their queues last, each batch with half a minute for a collector that does
// not answer.
type spanExporter struct {
	sdktrace.SpanExporter
	life context.Context //nolint:containedctx // what it is for
}

func (e spanExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	ctx, cancel := within(ctx, e.life)
	defer cancel()
	return e.SpanExporter.ExportSpans(ctx, spans)
}

// logExporter is the same for logs.
type logExporter struct {
	sdklog.Exporter
	life context.Context //nolint:containedctx // what it is for
}

func (e logExporter) Export(ctx context.Context, records []sdklog.Record) error {
	ctx, cancel := within(ctx, e.life)
	defer cancel()
	return e.Exporter.Export(ctx, records)
}

// within ends with either.
func within(ctx, life context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(life, func() { cancel(context.Cause(life)) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}
