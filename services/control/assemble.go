package control

import (
	"context"
	"net/http"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/aicity"
	"github.com/posthaste/posthaste/services/control/internal/apikeys"
	"github.com/posthaste/posthaste/services/control/internal/audit"
	"github.com/posthaste/posthaste/services/control/internal/deliveries"
	"github.com/posthaste/posthaste/services/control/internal/dialects"
	"github.com/posthaste/posthaste/services/control/internal/endpoints"
	"github.com/posthaste/posthaste/services/control/internal/events"
	"github.com/posthaste/posthaste/services/control/internal/eventtypes"
	"github.com/posthaste/posthaste/services/control/internal/neiracore"
	"github.com/posthaste/posthaste/services/control/internal/ping"
	"github.com/posthaste/posthaste/services/control/internal/replays"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/control/internal/subscriptions"
	"github.com/posthaste/posthaste/services/control/internal/tenants"
	"github.com/posthaste/posthaste/services/internal/books"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/eventlog"
	"github.com/posthaste/posthaste/services/internal/history/projection"
	"github.com/posthaste/posthaste/services/internal/lag"
	"github.com/posthaste/posthaste/services/internal/replay"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// assemble makes the resources and puts them on the API.
func (s *Service) assemble(ctx context.Context) error {
	log := eventlog.New(s.deps.Bus, event.Limits{EventBytes: int64(s.deps.Event.MaxEventBytes), BatchEvents: 1})
	stored, err := s.background(ctx, log)
	if err != nil {
		return err
	}
	subs, err := s.subscriptions(ctx)
	if err != nil {
		return err
	}
	sent := deliveries.New(s.cfg.API, deliveries.Deps{
		History: s.deps.History, Events: log, Store: s.deps.Live.Store, Bus: s.deps.Bus, Books: s.deps.Books, Log: s.deps.Log, Now: s.deps.Now,
	})
	again := replays.New(s.cfg.API, replays.Deps{Store: stored, Runner: s.replays, Subscriptions: subs, Log: s.deps.Log, Now: s.deps.Now})
	api := rest.New(rest.Options{Config: s.cfg.API, Keys: s.deps.Keys, Log: s.deps.Log, Within: s.idempotent()})
	for _, resource := range []interface{ Register(*rest.API) }{
		subs, sent, again, aicity.New(subs, sent), neiracore.New(subs),
		endpoints.New(s.cfg.API, s.deps.History, s.deps.Live),
		events.New(s.cfg.Events, s.cfg.API, log, s.deps.Dialects),
		eventtypes.New(s.cfg.API, s.deps.Catalogue, s.deps.Now),
		tenants.New(s.cfg.API, s.deps.Tenants, s.deps.Dialects, s.deps.Now),
		dialects.New(s.deps.Dialects),
		audit.New(s.auditor),
		apikeys.New(s.cfg.Keys, s.cfg.API, s.deps.APIKeys, s.deps.Log, s.deps.Now),
	} {
		resource.Register(api)
	}
	s.handler, err = api.Handler()
	return err
}

// background makes what Run runs.
func (s *Service) background(ctx context.Context, log *eventlog.Log) (*replay.Store, error) {
	var err error
	if s.projector, err = projection.New(s.deps.Bus, s.deps.History, s.deps.Log, s.deps.Meter); err != nil {
		return nil, err
	}
	if s.lag, err = lag.New(s.deps.Bus, s.deps.Meter, s.deps.Log, s.deps.Now); err != nil {
		return nil, err
	}
	if s.auditor, err = books.New(s.deps.Bus, s.deps.Meter, s.deps.Log, s.deps.Now); err != nil {
		return nil, err
	}
	store, err := replay.NewStore(ctx, s.deps.Bus)
	if err != nil {
		return nil, err
	}
	s.replays, err = replay.NewRunner(s.cfg.Replays, replay.Deps{
		Bus: s.deps.Bus, Events: log, Store: store, Subscription: s.deps.Live.Store.Get,
		Match:    (*subscription.Subscription).Wants,
		Outcomes: s.deps.History.Outcomes, Books: s.deps.Books, Log: s.deps.Log, Meter: s.deps.Meter,
	})
	return store, err
}

func (s *Service) subscriptions(ctx context.Context) (*subscriptions.Resource, error) {
	claims, err := subscription.NewClaims(ctx, s.deps.Bus)
	if err != nil {
		return nil, err
	}
	return subscriptions.New(s.cfg.Subscriptions, s.cfg.API, subscriptions.Deps{
		Store: s.deps.Live.Store, Claims: claims, Index: s.deps.Live.Index, Watcher: s.deps.Live.Watcher,
		Redis: s.deps.Redis, Guard: s.deps.Guard, Pinger: ping.New(s.deps.Bus, s.deps.Books, s.deps.Now),
		Dialects: s.deps.Dialects, Policies: s.deps.Policies, Missed: s.missed,
		Tenant: func(name string) *posthastev1.Tenant {
			t, _ := s.deps.Tenants.Get(name)
			return t
		},
		Log: s.deps.Log, Now: s.deps.Now,
	}), nil
}

// countMissed is how long an answer waits for a count.
const countMissed = 2 * time.Second

// missed counts what a replay of missed events would deliver.
func (s *Service) missed(ctx context.Context, sub *subscription.Subscription, since, until time.Time) (subscriptions.Missed, error) {
	record := &posthastev1.Replay{
		Tenant: sub.GetTenant(), SubscriptionId: sub.GetId(), Only: []string{replay.OnlyMissed},
		Since: timestamppb.New(since), Until: timestamppb.New(until),
	}
	if err := s.replays.Span(ctx, record); err != nil {
		return subscriptions.Missed{}, err
	}
	count, err := s.replays.Count(ctx, record, countMissed)
	return subscriptions.Missed{Events: int64(count.Events), Complete: count.Complete}, err
}

// idempotent honours Idempotency-Key. Those of a tenant share one place; an
// operator's key, which has no tenant, has its own. "=" is in no tenant's name.
func (s *Service) idempotent() func(http.Handler) http.Handler {
	tenantOf := func(r *http.Request) string {
		if who := rest.PrincipalOf(r.Context()); !who.Operator {
			return who.Tenant
		} else if who.Key != "" {
			return "=" + who.Key
		}
		return ""
	}
	return s.deps.Idempotency.Middleware(int64(s.cfg.API.MaxBodyBytes), tenantOf, s.deps.Log)
}
