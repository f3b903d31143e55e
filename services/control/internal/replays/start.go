package replays

import (
	"context"
	"net/http"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/replay"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

type startInput struct {
	ID             string `path:"id" doc:"evsub_…"`
	Tenant         string `query:"tenant" doc:"Whose it is; an operator's key may leave it out."`
	IdempotencyKey string `header:"Idempotency-Key" doc:"8 to 128 characters. The same key and body give the same answer for 24 hours; another body is a 409."`
	Body           rest.Body[ReplayRequest]
}

// startOutput is a replay, or what one would do.
type startOutput struct {
	Status int
	Body   ReplayStarted
}

// start answers a dry run with 200 and a replay that was begun with 202.
func (r *Resource) start(ctx context.Context, in *startInput) (*startOutput, error) {
	req, err := in.Body.Decode()
	if err != nil {
		return nil, err
	}
	sub, err := r.deps.Subscriptions.Find(ctx, in.ID, in.Tenant)
	if err != nil {
		return nil, err
	}
	record, err := r.record(ctx, sub, req)
	if err != nil {
		return nil, err
	}
	if req.DryRun {
		count, err := r.deps.Runner.Count(ctx, record, 0)
		if err != nil {
			return nil, err
		}
		return &startOutput{Status: http.StatusOK, Body: ReplayStarted{Data: ReplayOrCount{count: newCount(count)}}}, nil
	}
	if !sub.Active() {
		return nil, problem.Conflict("The subscription is disabled; enable it first.")
	}
	if err := r.store(ctx, record); err != nil {
		return nil, err
	}
	view := newReplay(record)
	return &startOutput{Status: http.StatusAccepted, Body: ReplayStarted{Data: ReplayOrCount{replay: &view}}}, nil
}

// record is the replay that the request asks for.
func (r *Resource) record(ctx context.Context, sub *subscription.Subscription, req *ReplayRequest) (*posthastev1.Replay, error) {
	now := r.deps.Now()
	at := timestamppb.New(now)
	record := &posthastev1.Replay{
		Id: replay.NewID(now), Tenant: sub.GetTenant(), SubscriptionId: sub.GetId(),
		EventTypes: req.EventTypes, Only: req.Only, Rate: req.Rate,
		Status: posthastev1.ReplayStatus_REPLAY_STATUS_RUNNING, CreatedAt: at, UpdatedAt: at,
	}
	if err := req.check(record); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	return record, r.deps.Runner.Span(ctx, record)
}

func (r *Resource) store(ctx context.Context, record *posthastev1.Replay) error {
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	if err := r.deps.Store.Create(ctx, record); err != nil {
		return err
	}
	r.deps.Log.InfoContext(ctx, "replay started", "replay", record.GetId(), "subscription", record.GetSubscriptionId(), "tenant", record.GetTenant(),
		"events", record.GetLastSequence()+1-record.GetFirstSequence())
	return nil
}
