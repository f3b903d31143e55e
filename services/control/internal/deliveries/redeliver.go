package deliveries

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"

	"github.com/oklog/ulid/v2"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/eventlog"
	"github.com/posthaste/posthaste/services/internal/history"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

type redeliverInput struct {
	ID             string `path:"id" doc:"dlv_…"`
	Tenant         string `query:"tenant" doc:"Whose it is; an operator's key may name any."`
	IdempotencyKey string `header:"Idempotency-Key" doc:"8 to 128 characters. The same key gives the same answer for 24 hours."`
}

type redeliverOutput struct{ Body RedeliveryAnswer }

// RedeliveryAnswer is a redelivery that was begun.
type RedeliveryAnswer struct {
	Data Redelivery `json:"data"`
}

// Redelivery names the attempts to come.
type Redelivery struct {
	DeliveryID string `json:"deliveryId"`
	Round      string `json:"round" doc:"The attempts to come have it in attemptLog."`
}

// redeliver makes the delivery again, from its first attempt. Its id and its
// body stay, so a receiver that has it can drop the repeat.
func (r *Resource) redeliver(ctx context.Context, in *redeliverInput) (*redeliverOutput, error) {
	found, _, err := r.find(ctx, &oneInput{ID: in.ID, Tenant: in.Tenant})
	if err != nil {
		return nil, err
	}
	if found.Test {
		return nil, problem.Conflict("A test is not delivered again; send another one.")
	}
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	if err := r.checkSubscription(ctx, found); err != nil {
		return nil, err
	}
	entry, err := r.event(ctx, found)
	if err != nil {
		return nil, err
	}
	round, err := r.publish(ctx, found, entry)
	if err != nil {
		return nil, err
	}
	r.deps.Log.InfoContext(ctx, "delivery made again", "delivery", found.ID, "subscription", found.SubscriptionID, "tenant", found.Tenant, "round", round)
	return &redeliverOutput{Body: RedeliveryAnswer{Data: Redelivery{DeliveryID: found.ID, Round: round}}}, nil
}

func (r *Resource) checkSubscription(ctx context.Context, d history.Delivery) error {
	sub, err := r.deps.Store.Get(ctx, d.Tenant, d.SubscriptionID)
	switch {
	case errors.Is(err, subscription.ErrNotFound):
		return problem.Conflict("The subscription was removed.")
	case err != nil:
		return err
	case !sub.Active():
		return problem.Conflict("The subscription is disabled; enable it first.")
	}
	return nil
}

// codeEventExpired is that of a 410: the event is not kept any more.
const codeEventExpired = "event_expired"

// event is what was delivered, from EVENTS.
func (r *Resource) event(ctx context.Context, d history.Delivery) (eventlog.Entry, error) {
	entry, err := r.deps.Events.Get(ctx, d.Sequence)
	if err == nil && (entry.Event.GetId() != d.EventID || entry.Event.GetTenant() != d.Tenant) {
		err = eventlog.ErrGone // the stream was made anew
	}
	if errors.Is(err, eventlog.ErrGone) {
		return entry, &problem.Error{Status: http.StatusGone, Code: codeEventExpired, Message: "The event is not kept any more (events-max-age); it cannot be delivered again."}
	}
	return entry, err
}

func (r *Resource) publish(ctx context.Context, d history.Delivery, entry eventlog.Entry) (round string, err error) {
	now := r.deps.Now()
	round = "red_" + ulid.MustNew(ulid.Timestamp(now), rand.Reader).String()
	again := &posthastev1.Delivery{
		Id: d.ID, SubscriptionId: d.SubscriptionID, Event: entry.Event, Attempt: 1, CreatedAt: timestamppb.New(now),
		Sequence: entry.Sequence, Round: round,
	}
	msg, err := delivery.Message(bus.LaneFresh, again, bus.TraceContext(entry.Header))
	if err != nil {
		return "", err
	}
	ack := make([]bus.Ack, 1)
	if err := r.publisher.PublishOnce(ctx, []bus.Msg{msg}, ack); err != nil {
		return "", err
	}
	r.deps.Books.Made(1, ack)
	return round, nil
}
