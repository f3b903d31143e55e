package eventtypes

import (
	"context"
	"errors"
	"fmt"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/catalogue"
	"github.com/posthaste/posthaste/services/internal/problem"
)

type putInput struct {
	Name   string `path:"name"`
	Tenant string `query:"tenant" doc:"Whose; an operator's key may name any."`
	Scope  string `query:"scope" enum:"tenant,server" doc:"server: for all tenants; for operators."`
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
	Tenant string `query:"tenant" doc:"Whose; an operator's key may name any."`
	Scope  string `query:"scope" enum:"tenant,server" doc:"server: for all tenants; for operators."`
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
	seen := make(map[string]int, len(all))
	for i := range all {
		at := fmt.Sprintf("eventTypes[%d].", i)
		if first, twice := seen[all[i].Name]; twice {
			return problem.Validation(problem.Field{Field: at + "name", Message: fmt.Sprintf("is the same as eventTypes[%d].name", first)})
		}
		seen[all[i].Name] = i
		t, err := all[i].record(owner, at)
		if err != nil {
			return err
		}
		if err := r.catalogue.Validate(t); err != nil {
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
