package telemetry

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/trace"

	"github.com/posthaste/posthaste/services/internal/version"
)

// inSpan adds the span that a line is written in, as trace_id and span_id.
type inSpan struct{ slog.Handler }

func (h inSpan) Handle(ctx context.Context, r slog.Record) error {
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		r = r.Clone()
		r.AddAttrs(slog.String("trace_id", sc.TraceID().String()), slog.String("span_id", sc.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

func (h inSpan) WithAttrs(attrs []slog.Attr) slog.Handler { return inSpan{h.Handler.WithAttrs(attrs)} }

func (h inSpan) WithGroup(name string) slog.Handler { return inSpan{h.Handler.WithGroup(name)} }

// atLeast holds a handler to a level.
type atLeast struct {
	slog.Handler
	level slog.Level
}

func (h atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level && h.Handler.Enabled(ctx, level)
}

func (h atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(attrs), h.level}
}

func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.Handler.WithGroup(name), h.level}
}

// alsoTo has what is logged exported too. A line there has its span by itself.
func alsoTo(log *slog.Logger, provider *sdklog.LoggerProvider, level slog.Level) *slog.Logger {
	bridge := otelslog.NewHandler("posthaste", otelslog.WithLoggerProvider(provider), otelslog.WithVersion(version.Version))
	return slog.New(slog.NewMultiHandler(log.Handler(), atLeast{bridge, level}))
}
