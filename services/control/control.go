// Package control is the HTTP API of subscriptions.
//
// It serves /v1/event-subscriptions and, made from the handlers' types,
// /v1/openapi.json. Subscriptions live in a JetStream bucket that every change
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

	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/httpserver"
	"github.com/posthaste/posthaste/services/internal/redisstore"
	"github.com/posthaste/posthaste/services/internal/schedule"
	"github.com/posthaste/posthaste/services/internal/ssrf"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// Authenticator says who a request comes from; *auth.Keys is one. Its error is
// a 401.
type Authenticator interface {
	Authenticate(*http.Request) (auth.Principal, error)
}

// Deps are what control works with. The caller made them, runs the watcher,
// and closes them. All but the last four are required.
type Deps struct {
	Store   *subscription.Store
	Index   *subscription.Index
	Watcher *subscription.Watcher // of Index
	Redis   *redisstore.Store
	Keys    Authenticator
	Guard   *ssrf.Guard
	Log     *slog.Logger

	// Schedule is that of subscriptions without one of their own; nil for
	// schedule.Default.
	Schedule *schedule.Schedule
	// Listen is the address (host:port) that Run serves; empty where the
	// caller serves Handler itself.
	Listen string
	// Grace is how long requests under way may take when Run stops.
	Grace time.Duration
	// Now is the clock; nil for time.Now.
	Now func() time.Time
}

func (d *Deps) missing() error {
	if d.Store == nil || d.Index == nil || d.Watcher == nil || d.Redis == nil || d.Keys == nil || d.Guard == nil || d.Log == nil {
		return errors.New("control: Store, Index, Watcher, Redis, Keys, Guard and Log are required")
	}
	return nil
}

// Service is a control. Any number share the work.
type Service struct {
	cfg      Config
	deps     Deps
	log      *slog.Logger
	now      func() time.Time
	standard schedule.Schedule
	handler  http.Handler
	paths    []string // of handler
	server   *httpserver.Server
}

// New makes a control, which listens where deps.Listen says so.
func New(_ context.Context, cfg Config, deps Deps) (*Service, error) {
	if err := errors.Join(deps.missing(), cfg.Validate()); err != nil {
		return nil, err
	}
	s := &Service{cfg: cfg, deps: deps, log: deps.Log, now: deps.Now, standard: schedule.Default}
	if deps.Schedule != nil {
		s.standard = *deps.Schedule
	}
	if s.now == nil {
		s.now = time.Now
	}
	if err := s.routes(); err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	if deps.Listen == "" {
		return s, nil
	}
	var err error
	if s.server, err = httpserver.New(deps.Listen, s.handler, deps.Grace, s.log); err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	return s, nil
}

// Run serves until ctx ends and what is under way is answered. Without an
// address of its own it waits for ctx.
func (s *Service) Run(ctx context.Context) error {
	if s.server == nil {
		<-ctx.Done()
		return nil
	}
	if err := s.server.Serve(ctx); err != nil {
		return fmt.Errorf("control: %w", err)
	}
	return nil
}

// Addr is the address that Run serves; empty where there is none.
func (s *Service) Addr() string {
	if s.server == nil {
		return ""
	}
	return s.server.Addr()
}

// Handler answers the API, and every other path with a 404.
func (s *Service) Handler() http.Handler { return s.handler }

// Mount puts the API's paths, and no others, on mux beside those of other
// services.
func (s *Service) Mount(mux *http.ServeMux) {
	for _, path := range s.paths {
		mux.Handle(path, s.handler)
	}
}
