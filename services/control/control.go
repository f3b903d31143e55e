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

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/ping"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/control/internal/subscriptions"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/policy"
	"github.com/posthaste/posthaste/services/internal/redisstore"
	"github.com/posthaste/posthaste/services/internal/ssrf"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// Authenticator says who a request comes from; *auth.Keys is one. Its error is
// a 401.
type Authenticator interface {
	Authenticate(*http.Request) (auth.Principal, error)
}

// Deps are what control works with. The caller made them, runs the watcher,
// and closes them. All but Now are required.
type Deps struct {
	Bus      *bus.Bus
	Live     *subscription.Live
	Redis    *redisstore.Store
	Keys     Authenticator
	Guard    *ssrf.Guard
	Dialects *dialect.Set
	Policies *policy.Policies
	Log      *slog.Logger
	// Now is the clock; nil for time.Now.
	Now func() time.Time
}

func (d *Deps) missing() error {
	if d.Bus == nil || d.Live == nil || d.Redis == nil || d.Keys == nil || d.Guard == nil || d.Dialects == nil || d.Policies == nil || d.Log == nil {
		return errors.New("control: all dependencies but Now are required")
	}
	return nil
}

// Service is a control. Any number share the work.
type Service struct {
	cfg     Config
	deps    Deps
	handler http.Handler
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

// assemble makes the resources and puts them on the API.
func (s *Service) assemble(ctx context.Context) error {
	api := rest.New(rest.Options{Config: s.cfg.API, Keys: s.deps.Keys, Log: s.deps.Log})
	claims, err := subscription.NewClaims(ctx, s.deps.Bus)
	if err != nil {
		return err
	}
	subs := subscriptions.New(s.cfg.Subscriptions, s.cfg.API, subscriptions.Deps{
		Store: s.deps.Live.Store, Claims: claims, Index: s.deps.Live.Index, Watcher: s.deps.Live.Watcher,
		Redis: s.deps.Redis, Guard: s.deps.Guard, Pinger: ping.New(s.deps.Bus, s.deps.Now),
		Dialects: s.deps.Dialects, Policies: s.deps.Policies,
		Tenant: func(string) *posthastev1.Tenant { return nil },
		Log:    s.deps.Log, Now: s.deps.Now,
	})
	subs.Register(api)
	s.handler, err = api.Handler()
	return err
}
