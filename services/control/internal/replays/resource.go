// Package replays is …/replay and /v1/replays: events that are still kept, once
// more for one subscription.
package replays

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/control/internal/subscriptions"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/replay"
)

const (
	ofSubscription = "/v1/event-subscriptions/{id}"
	one            = "/v1/replays/{id}"
	// maxListed is how many replays of a subscription are shown.
	maxListed = 100
)

// Deps are what the resource works with.
type Deps struct {
	Store         *replay.Store
	Runner        *replay.Runner
	Subscriptions *subscriptions.Resource
	Log           *slog.Logger
	Now           func() time.Time
}

// Resource is the resource.
type Resource struct {
	api  rest.Config
	deps Deps
}

// New makes the resource.
func New(api rest.Config, deps Deps) *Resource { return &Resource{api: api, deps: deps} }

// Register puts the operations on the API.
func (r *Resource) Register(a *rest.API) {
	operation := func(id, method, path string, status int, summary string, further ...int) rest.Operation {
		op := rest.Operation{ID: id, Tag: "replays", Scope: rest.ByMethod(method, auth.WebhooksRead, auth.WebhooksWrite), Method: method, Path: path, Status: status, Summary: summary, Body: method == http.MethodPost, Further: further}
		if method == http.MethodPost {
			op.Also = http.StatusOK // a dry run
		}
		return op
	}
	const notFound, conflict = http.StatusNotFound, http.StatusConflict
	rest.Handle(a, operation("start-replay", http.MethodPost, ofSubscription+"/replay", http.StatusAccepted, "Deliver events that are still kept once more", notFound, conflict), r.start)
	rest.Handle(a, operation("list-replays", http.MethodGet, ofSubscription+"/replays", http.StatusOK, "List the replays of a subscription, newest first", notFound), r.list)
	rest.Handle(a, operation("get-replay", http.MethodGet, one, http.StatusOK, "Read how far a replay is", notFound), r.get)
	rest.Handle(a, operation("cancel-replay", http.MethodDelete, one, http.StatusAccepted, "Cancel a replay", notFound, conflict), r.cancel)
}

type listInput struct {
	ID     string `path:"id" doc:"evsub_…"`
	Tenant string `query:"tenant" doc:"Whose it is; an operator's key may leave it out."`
}

type listOutput struct{ Body ReplayList }

func (r *Resource) list(ctx context.Context, in *listInput) (*listOutput, error) {
	sub, err := r.deps.Subscriptions.Find(ctx, in.ID, in.Tenant)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	found, err := r.deps.Store.List(ctx, sub.GetTenant(), sub.GetId(), maxListed)
	if err != nil {
		return nil, err
	}
	out := &listOutput{Body: ReplayList{Data: make([]Replay, len(found))}}
	for i, record := range found {
		out.Body.Data[i] = newReplay(record)
	}
	return out, nil
}

type oneInput struct {
	ID     string `path:"id" doc:"rpl_…"`
	Tenant string `query:"tenant" doc:"Whose it is; an operator's key may name any."`
}

type oneOutput struct{ Body ReplayAnswer }

func (r *Resource) get(ctx context.Context, in *oneInput) (*oneOutput, error) {
	owner, err := find(ctx, in)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	record, err := r.deps.Store.Get(ctx, owner, in.ID)
	if err != nil {
		return nil, storeError(err)
	}
	return &oneOutput{Body: ReplayAnswer{Data: newReplay(record)}}, nil
}

func find(ctx context.Context, in *oneInput) (owner string, err error) {
	if !replay.CheckID(in.ID) {
		return "", unknown()
	}
	return rest.Tenant(ctx, in.Tenant)
}

// cancel stops a replay that runs. What it has made already is delivered.
func (r *Resource) cancel(ctx context.Context, in *oneInput) (*oneOutput, error) {
	owner, err := find(ctx, in)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	now := timestamppb.New(r.deps.Now())
	record, err := r.deps.Store.Update(ctx, owner, in.ID, func(pb *posthastev1.Replay) (bool, error) {
		if pb.GetStatus() != posthastev1.ReplayStatus_REPLAY_STATUS_RUNNING {
			return false, nil
		}
		pb.Status, pb.UpdatedAt, pb.FinishedAt = posthastev1.ReplayStatus_REPLAY_STATUS_CANCELLED, now, now
		return true, nil
	})
	if err != nil {
		return nil, storeError(err)
	}
	return &oneOutput{Body: ReplayAnswer{Data: newReplay(record)}}, nil
}

func unknown() error { return problem.NotFound("There is no such replay.") }

func storeError(err error) error {
	switch {
	case errors.Is(err, replay.ErrNotFound):
		return unknown()
	case errors.Is(err, replay.ErrConflict):
		return problem.Conflict("The replay was changed by others at the same time; read it and try again.")
	default:
		return err
	}
}
