// Package eventtypes is /v1/event-types: the catalogue of a tenant's event
// types.
package eventtypes

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/catalogue"
	"github.com/posthaste/posthaste/services/internal/problem"
)

const (
	collection = "/v1/event-types"
	one        = collection + "/{name}"
	// scopeServer writes what all tenants see.
	scopeServer = "server"
)

// Resource is the resource.
type Resource struct {
	api       rest.Config
	catalogue *catalogue.Live
	now       func() time.Time
}

// New makes the resource.
func New(api rest.Config, live *catalogue.Live, now func() time.Time) *Resource {
	return &Resource{api: api, catalogue: live, now: now}
}

// Register puts the operations on the API.
func (r *Resource) Register(a *rest.API) {
	operation := func(id, method, path, summary string, further ...int) rest.Operation {
		return rest.Operation{ID: id, Tag: "event-types", Scope: rest.ByMethod(method, auth.EventsRead, auth.Admin), Method: method, Path: path, Summary: summary, Body: method == http.MethodPut, Further: further}
	}
	const notFound, conflict = http.StatusNotFound, http.StatusConflict
	rest.Handle(a, operation("list-event-types", http.MethodGet, collection, "List the event types of a tenant"), r.list)
	rest.Handle(a, operation("put-event-types", http.MethodPut, collection, "Add or replace event types", conflict), r.putAll)
	rest.Handle(a, operation("get-event-type", http.MethodGet, one, "Read an event type", notFound), r.get)
	rest.Handle(a, operation("put-event-type", http.MethodPut, one, "Add or replace an event type", conflict), r.put)
	rest.Handle(a, operation("delete-event-type", http.MethodDelete, one, "Remove an event type that was added", notFound, conflict), r.remove)
}

type scope struct {
	Tenant string
	Scope  string
}

// owner is the tenant to act for, "" for the server.
func (s scope) owner(ctx context.Context) (string, error) {
	if s.Scope != scopeServer {
		return rest.Tenant(ctx, s.Tenant)
	}
	if !rest.PrincipalOf(ctx).Operator {
		return "", problem.Scope("Only an operator's key may see and change the server's event types.")
	}
	return "", nil
}

type listInput struct {
	Tenant string `query:"tenant" doc:"Whose; an operator's key may name any."`
	Scope  string `query:"scope" enum:"tenant,server" doc:"server: those that all tenants see; for operators."`
}

type listOutput struct{ Body EventTypeList }

// EventTypeList is a catalogue.
type EventTypeList struct {
	Data []EventType `json:"data" nullable:"false"`
}

func (r *Resource) list(ctx context.Context, in *listInput) (*listOutput, error) {
	owner, err := scope(*in).owner(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.ready(ctx); err != nil {
		return nil, err
	}
	return &listOutput{Body: newList(r.catalogue.List(owner))}, nil
}

func (r *Resource) ready(ctx context.Context) error {
	if err := r.catalogue.Ready(ctx); err != nil {
		return problem.Unavailable("Event types are still being loaded.", rest.RetryAfter, err)
	}
	return nil
}

type oneInput struct {
	Name   string `path:"name"`
	Tenant string `query:"tenant" doc:"Whose; an operator's key may name any."`
	Scope  string `query:"scope" enum:"tenant,server" doc:"server: those that all tenants see; for operators."`
}

type oneOutput struct{ Body EventTypeAnswer }

// EventTypeAnswer is one event type.
type EventTypeAnswer struct {
	Data EventType `json:"data"`
}

func (r *Resource) get(ctx context.Context, in *oneInput) (*oneOutput, error) {
	owner, err := scope{in.Tenant, in.Scope}.owner(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.ready(ctx); err != nil {
		return nil, err
	}
	entry, ok := r.catalogue.Get(owner, in.Name)
	if !ok {
		return nil, problem.NotFound("There is no such event type.")
	}
	return &oneOutput{Body: EventTypeAnswer{Data: newEventType(entry)}}, nil
}

func (r *Resource) remove(ctx context.Context, in *oneInput) (*oneOutput, error) {
	owner, err := scope{in.Tenant, in.Scope}.owner(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	removed, err := r.catalogue.Delete(ctx, owner, in.Name)
	if errors.Is(err, catalogue.ErrNotFound) {
		return nil, problem.NotFound("There is no such event type, or it is of the dialect or the server.")
	}
	if err != nil {
		return nil, named(err, "")
	}
	_ = r.api.Applied(ctx, func(ctx context.Context) error { return r.catalogue.AwaitRemoved(ctx, owner, in.Name) }) // it is gone
	entry, err := catalogue.NewEntry(removed, origin(owner))
	if err != nil {
		return nil, err
	}
	return &oneOutput{Body: EventTypeAnswer{Data: newEventType(entry)}}, nil
}
