package telemetry

import (
	"log/slog"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"golang.org/x/time/rate"
)

// faultEvery is how often a fault of OpenTelemetry's is logged at most: a
// collector that is away has one every few seconds.
const faultEvery = time.Minute

// listen has OpenTelemetry tell its faults to log. It knows one listener in a
// process, the last.
func listen(log *slog.Logger) {
	f := &faults{log: log, now: rate.Sometimes{Interval: faultEvery}}
	otel.SetErrorHandler(f)
	otel.SetLogger(logr.New(faultSink{f}))
}

// faults is safe for concurrent use.
type faults struct {
	log *slog.Logger
	now rate.Sometimes
}

// Handle is OpenTelemetry's ErrorHandler.
func (f *faults) Handle(err error) { f.tell(err) }

func (f *faults) tell(err error) {
	f.now.Do(func() { f.log.Warn("telemetry is not exported as it should be", "error", err) })
}

// faultSink takes what OpenTelemetry logs of itself, errors alone. Their further
// values are dropped: one may be a header with a password.
type faultSink struct{ *faults }

func (faultSink) Init(logr.RuntimeInfo) {}

func (faultSink) Enabled(int) bool { return false }

func (faultSink) Info(int, string, ...any) {}

func (s faultSink) Error(err error, _ string, _ ...any) { s.tell(err) }

func (s faultSink) WithValues(...any) logr.LogSink { return s }

func (s faultSink) WithName(string) logr.LogSink { return s }
