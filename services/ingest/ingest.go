// Package ingest takes events over HTTP and puts them in JetStream.
//
// POST /v1/events answers 202 only when JetStream has acked every event. It
// keeps nothing of its own: what it could not publish is the producer's to
// send again, and the event's id makes that harmless. So does an
// Idempotency-Key, whose answer is kept in JetStream too.
package ingest

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/idempotency"
	"github.com/posthaste/posthaste/services/internal/tracing"
)

// Service is an ingest. Any number share the work.
type Service struct {
	cfg       Config
	bus       *bus.Bus
	publisher *bus.Publisher
	keys      *auth.Keys
	limits    event.Limits
	rates     *rates
	catalogue Catalogue    // nil: every type is taken
	keyed     http.Handler // of requests with an Idempotency-Key; nil: the header is not looked at
	said      said
	log       *slog.Logger
	metrics   *metrics
	tracer    *tracing.Tracer
	now       func() time.Time
}

// Deps are what an ingest works with.
type Deps struct {
	Bus   *bus.Bus
	Event event.Config
	Keys  *auth.Keys
	Log   *slog.Logger
	Meter metric.Meter
	// Tracer makes spans; nil makes none.
	Tracer *tracing.Tracer
	// Catalogue holds events against their types. nil: all types are taken.
	Catalogue Catalogue
	// Idempotency keeps answers to requests with an Idempotency-Key. nil: the
	// header is not looked at.
	Idempotency *idempotency.Store
}

// New makes an ingest.
func New(cfg Config, deps Deps) (*Service, error) {
	most := deps.Event.MaxEventBytes
	if need := int64(most) + bus.Overhead; deps.Bus.MaxPayload() < need {
		return nil, fmt.Errorf("max-event-bytes: an event of %s makes a message of up to %d bytes, and NATS takes %d; raise its max_payload or lower the setting", most, need, deps.Bus.MaxPayload())
	}
	if cfg.MaxBatchBytes < most {
		return nil, fmt.Errorf("max-batch-bytes: must be at least max-event-bytes (%s), is %s", most, cfg.MaxBatchBytes)
	}
	m, err := newMetrics(deps.Meter)
	if err != nil {
		return nil, err
	}
	s := &Service{
		cfg:       cfg,
		bus:       deps.Bus,
		publisher: deps.Bus.NewPublisher(publishInFlight, int64(cfg.PublishBytes)),
		keys:      deps.Keys,
		limits:    event.Limits{EventBytes: int64(most), BatchEvents: cfg.MaxBatchEvents},
		rates:     newRates(cfg.TenantRate, cfg.TenantBurst),
		catalogue: deps.Catalogue,
		log:       deps.Log,
		metrics:   m,
		tracer:    deps.Tracer,
		now:       time.Now,
	}
	s.keyed = s.once(deps.Idempotency)
	return s, nil
}

// publishInFlight is how many events of all requests may wait for JetStream.
const publishInFlight = 16384

// Path is what Handler answers.
const Path = "/v1/events"

// Handler answers POST /v1/events.
func (s *Service) Handler() http.Handler { return http.HandlerFunc(s.serve) }
