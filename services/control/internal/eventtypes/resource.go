// Package eventtypes is /v1/event-types: the catalogue of a tenant's event
// types.
package eventtypes

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/posthaste/posthaste/services/control/internal/rest"
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
		return rest.Operation{ID: id, Tag: "event-types", Method: method, Path: path, Summary: summary, Body: method == http.MethodPut, Further: further}
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
	if !rest.PrincipalOf(ctx).Admin {
		return "", problem.Scope("Only an administrator's key may see and change the server's event types.")
	}
	return "", nil
}

type listInput struct {
	Tenant string `query:"tenant" doc:"Whose; an administrator's key may name any."`
	Scope  string `query:"scope" enum:"tenant,server" doc:"server: those that all tenants see; for administrators."`
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
	Tenant string `query:"tenant" doc:"Whose; an administrator's key may name any."`
	Scope  string `query:"scope" enum:"tenant,server" doc:"server: those that all tenants see; for administrators."`
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

type putInput struct {
	Name   string `path:"name"`
	Tenant string `query:"tenant" doc:"Whose; an administrator's key may name any."`
	Scope  string `query:"scope" enum:"tenant,server" doc:"server: for all tenants; for administrators."`
	Body   rest.Body[EventTypeRequest]
}

func (r *Resource) put(ctx context.Context, in *putInput) (*oneOutput, error) {
	owner, err := scope{in.Tenant, in.Scope}.owner(ctx)
	if err != nil {
		return nil, err
	}
	req, err := in.Body.Decode()
	if err != nil {
		return nil, err
	}
	if req.Name == "" {
		req.Name = in.Name
	}
	if req.Name != in.Name {
		return nil, problem.Validation(problem.Field{Field: "name", Message: "must be that of the path, or left out"})
	}
	stored, err := r.store(ctx, owner, "", req)
	if err != nil {
		return nil, err
	}
	return &oneOutput{Body: EventTypeAnswer{Data: stored}}, nil
}

type putAllInput struct {
	Tenant string `query:"tenant" doc:"Whose; an administrator's key may name any."`
	Scope  string `query:"scope" enum:"tenant,server" doc:"server: for all tenants; for administrators."`
	Body   rest.Body[PutEventTypesRequest]
}

// maxAtOnce bounds one request: each type is stored by itself.
const maxAtOnce = 100

// putAll checks all before it stores any.
func (r *Resource) putAll(ctx context.Context, in *putAllInput) (*listOutput, error) {
	owner, err := scope{in.Tenant, in.Scope}.owner(ctx)
	if err != nil {
		return nil, err
	}
	req, err := in.Body.Decode()
	if err != nil {
		return nil, err
	}
	if n := len(req.EventTypes); n < 1 || n > maxAtOnce {
		return nil, problem.Validation(problem.Field{Field: "eventTypes", Message: fmt.Sprintf("must have 1 to %d entries, has %d", maxAtOnce, n)})
	}
	if err := r.checkAll(owner, req.EventTypes); err != nil {
		return nil, err
	}
	out := &listOutput{Body: EventTypeList{Data: make([]EventType, len(req.EventTypes))}}
	for i := range req.EventTypes {
		if out.Body.Data[i], err = r.store(ctx, owner, fmt.Sprintf("eventTypes[%d].", i), &req.EventTypes[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *Resource) checkAll(owner string, all []EventTypeRequest) error {
	for i := range all {
		at := fmt.Sprintf("eventTypes[%d].", i)
		t, err := all[i].record(owner, at)
		if err != nil {
			return err
		}
		if _, err := catalogue.NewEntry(t, catalogue.OfTenant); err != nil {
			return named(err, at)
		}
	}
	return nil
}

func (r *Resource) store(ctx context.Context, owner, at string, req *EventTypeRequest) (EventType, error) {
	t, err := req.record(owner, at)
	if err != nil {
		return EventType{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	stored, revision, err := r.catalogue.Put(ctx, t, r.now())
	if err != nil {
		return EventType{}, named(err, at)
	}
	_ = r.api.Applied(ctx, func(ctx context.Context) error { return r.catalogue.Await(ctx, revision) }) // it is stored
	entry, err := catalogue.NewEntry(stored, origin(owner))
	if err != nil {
		return EventType{}, err
	}
	return newEventType(entry), nil
}

func origin(owner string) catalogue.Origin {
	if owner == "" {
		return catalogue.OfServer
	}
	return catalogue.OfTenant
}

// named gives the catalogue's errors their answers.
func named(err error, at string) error {
	if bad := (*catalogue.Fault)(nil); errors.As(err, &bad) {
		return problem.Validation(problem.Field{Field: at + bad.Field, Message: bad.Problem})
	}
	if errors.Is(err, catalogue.ErrTooMany) {
		return problem.Conflict("The tenant has as many event types as it may (max-event-types-per-tenant); remove some first.")
	}
	if errors.Is(err, catalogue.ErrConflict) {
		return problem.Conflict("The event type was changed by others at the same time; try again.")
	}
	return err
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
