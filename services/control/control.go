// Package control is the HTTP API of subscriptions, deliveries and events.
//
// It serves /v1 but for what ingest takes, and, made from the handlers' types,
// /v1/openapi.json. What it keeps lives in JetStream buckets that every change
// compares and sets, so any number of controls may run; a change is answered
// when this process acts on it.
package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/metric"
	"golang.org/x/sync/errgroup"

	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/books"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/catalogue"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/history"
	"github.com/posthaste/posthaste/services/internal/history/projection"
	"github.com/posthaste/posthaste/services/internal/idempotency"
	"github.com/posthaste/posthaste/services/internal/lag"
	"github.com/posthaste/posthaste/services/internal/policy"
	"github.com/posthaste/posthaste/services/internal/redisstore"
	"github.com/posthaste/posthaste/services/internal/replay"
	"github.com/posthaste/posthaste/services/internal/ssrf"
	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/tenant"
)

// Authenticator says who a request comes from; *auth.Keys is one. Its error is
// a 401.
type Authenticator interface {
	Authenticate(*http.Request) (auth.Principal, error)
}

// Deps are what control works with. The caller made them, runs what watches
// buckets, and closes them. All but Now and Books are required.
type Deps struct {
	Bus         *bus.Bus
	Live        *subscription.Live
	Tenants     *tenant.Live
	Catalogue   *catalogue.Live
	Idempotency *idempotency.Store
	History     *history.Store
	Redis       *redisstore.Store
	Keys        Authenticator
	APIKeys     *auth.Live
	Guard       *ssrf.Guard
	Dialects    *dialect.Set
	Policies    *policy.Policies
	Event       event.Config
	// Books is where it counts the deliveries that it makes; nil for nowhere.
	Books *books.Account
	Log   *slog.Logger
	Meter metric.Meter
	// Now is the clock; nil for time.Now.
	Now func() time.Time
}

func (d *Deps) missing() error {
	if d.Bus == nil || d.Live == nil || d.Tenants == nil || d.Catalogue == nil || d.Idempotency == nil || d.History == nil || d.Redis == nil ||
		d.Keys == nil || d.APIKeys == nil || d.Guard == nil || d.Dialects == nil || d.Policies == nil || d.Log == nil || d.Meter == nil {
		return errors.New("control: all dependencies but Now and Books are required")
	}
	return nil
}

// Service is a control. Any number share the work.
type Service struct {
	cfg       Config
	deps      Deps
	handler   http.Handler
	projector *projection.Projector
	replays   *replay.Runner
	lag       *lag.Watch
	auditor   *books.Auditor
}

// New makes a control.
func New(ctx context.Context, cfg Config, deps Deps) (*Service, error) {
	if err := errors.Join(deps.missing(), cfg.Validate()); err != nil {
		return nil, err
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	s := &Service{cfg: cfg, deps: deps}
	if err := s.assemble(ctx); err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	return s, nil
}

// Handler answers the API, and every other path with a 404.
func (s *Service) Handler() http.Handler { return s.handler }

// Run keeps the history, executes replays tells what waits and how the books stand, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.projector.Run(ctx) })
	group.Go(func() error { return s.replays.Run(ctx) })
	group.Go(func() error { return s.lag.Run(ctx) })
	group.Go(func() error { return s.auditor.Run(ctx) })
	if err := group.Wait(); err != nil {
		return fmt.Errorf("control: %w", err)
	}
	return nil
}
