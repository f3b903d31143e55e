// Package subscriptions is /v1/event-subscriptions: who gets which events, and
// where.
package subscriptions

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/ping"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/policy"
	"github.com/posthaste/posthaste/services/internal/redisstore"
	"github.com/posthaste/posthaste/services/internal/ssrf"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

const (
	collection = "/v1/event-subscriptions"
	one        = collection + "/{id}"
)

// Deps are what the resource works with.
type Deps struct {
	Store   *subscription.Store
	Claims  *subscription.Claims
	Index   *subscription.Index
	Watcher *subscription.Watcher // of Index
	Redis   *redisstore.Store
	Guard   *ssrf.Guard
	Pinger  *ping.Pinger
	// Dialects are those that a subscription may name.
	Dialects *dialect.Set
	Policies *policy.Policies
	// Tenant returns what was set for a tenant, nil for nothing.
	Tenant func(name string) *posthastev1.Tenant
	// Missed counts what came while a subscription was disabled; nil to say
	// nothing of it.
	Missed func(ctx context.Context, sub *subscription.Subscription, since, until time.Time) (Missed, error)
	Log    *slog.Logger
	Now    func() time.Time
}

// Resource is the resource. It also serves the views that other systems'
// clients have of subscriptions.
type Resource struct {
	cfg  Config
	api  rest.Config
	deps Deps
	log  *slog.Logger
	now  func() time.Time
	// shut keeps the log from being flooded while an encryption key is missing.
	shut *rate.Sometimes
}

// New makes the resource.
func New(cfg Config, api rest.Config, deps Deps) *Resource {
	return &Resource{cfg: cfg, api: api, deps: deps, log: deps.Log, now: deps.Now, shut: &rate.Sometimes{Interval: 10 * time.Second}}
}

// Register puts the operations on the API.
func (r *Resource) Register(a *rest.API) {
	const conflict, notFound = http.StatusConflict, http.StatusNotFound
	rest.Handle(a, operation("create", http.MethodPost, collection, http.StatusCreated, "Subscribe to events", conflict), r.create)
	rest.Handle(a, operation("list", http.MethodGet, collection, http.StatusOK, "List the subscriptions of a tenant, oldest first"), r.list)
	rest.Handle(a, operation("get", http.MethodGet, one, http.StatusOK, "Read a subscription", notFound), r.get)
	rest.Handle(a, operation("update", http.MethodPatch, one, http.StatusOK, "Change a subscription", notFound, conflict), r.update)
	rest.Handle(a, operation("delete", http.MethodDelete, one, http.StatusAccepted, "Remove a subscription for good", notFound, conflict), r.remove)
	rest.Handle(a, operation("enable", http.MethodPost, one+"/enable", http.StatusOK, "Deliver again, and forget the failures", notFound, conflict), r.enable)
	rest.Handle(a, operation("disable", http.MethodPost, one+"/disable", http.StatusOK, "Deliver nothing until it is enabled", notFound, conflict), r.disable)
	rest.Handle(a, operation("rotate-secret-of", http.MethodPost, one+"/rotate-secret", http.StatusOK, "Sign with a new secret, and for a while with the old one too", notFound, conflict), r.rotate)
	rest.Handle(a, operation("test", http.MethodPost, one+"/test", http.StatusOK, "Send a test event through the full path", notFound), r.test)
}

func operation(verb, method, path string, status int, summary string, further ...int) rest.Operation {
	op := rest.Operation{
		ID: verb + "-event-subscription", Tag: "event-subscriptions", Scope: rest.ByMethod(method, auth.WebhooksRead, auth.WebhooksWrite), Method: method, Path: path, Status: status, Summary: summary,
		Body:    method == http.MethodPatch || verb == "create" || verb == "rotate-secret-of",
		Further: further,
	}
	if verb == "create" {
		op.Also = http.StatusOK // the tenant's one subscription was changed
	}
	return op
}
