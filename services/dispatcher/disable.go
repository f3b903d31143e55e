package dispatcher

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/posthaste/posthaste/pkg/eventid"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// fail counts a failed delivery and disables the subscription where the rule
// says so.
func (s *Service) fail(ctx context.Context, j job, t *target, v Verdict) {
	s.Log.WarnContext(ctx, "delivery failed", "delivery", j.GetId(), "subscription", j.GetSubscriptionId(),
		"tenant", j.GetEvent().GetTenant(), "attempts", j.GetAttempt(), "reason", string(v.Reason))
	count, known := s.Redis.Failed(ctx, delivery.MsgID(j.Delivery), j.GetSubscriptionId())
	if !known {
		count = 1 // this one; a rule of one failure needs no Redis
	}
	switch {
	case v.Kind == Gone:
		s.disable(ctx, t.sub, subscription.DisabledGone)
	case t.policy.DisableAfter > 0 && count >= t.policy.DisableAfter:
		s.disable(ctx, t.sub, subscription.DisabledConsecutiveFailures)
	}
}

func (s *Service) disable(ctx context.Context, sub *subscription.Subscription, why string) {
	disabled, did, err := s.Store.Disable(ctx, sub.GetTenant(), sub.GetId(), why, s.now())
	if err != nil {
		// The next failed delivery tries again.
		s.Log.ErrorContext(ctx, "disable subscription", "subscription", sub.GetId(), "error", err)
		return
	}
	if did {
		s.Log.WarnContext(ctx, "subscription disabled", "subscription", sub.GetId(), "tenant", sub.GetTenant(), "reason", why)
		s.metrics.disabled(ctx, why)
	}
	ctx, cancel := context.WithTimeout(ctx, announceWithin)
	defer cancel()
	s.announceDisabled(ctx, disabled, s.publisher.Publish)
}

// announceWithin bounds how long the delivery that disabled its subscription
// waits for a full EVENTS stream, which may stay so for days.
const announceWithin = 10 * time.Second

// announceFor is how long after a subscription was disabled its tenant may
// still have to be told: the dispatcher that disabled it may have died before
// it could. Shorter than JetStream's dedup window, so that telling again tells
// nothing twice.
const announceFor = time.Minute

// announceAgain tells of it where that may not have been done.
func (s *Service) announceAgain(ctx context.Context, sub *subscription.Subscription) {
	s.announceDisabled(ctx, sub, func(ctx context.Context, msgs []bus.Msg) error {
		return s.publisher.PublishOnce(ctx, msgs, nil)
	})
}

// announceDisabled publishes the event subscription.disabled. The event's id
// is that of the change, whoever publishes it.
func (s *Service) announceDisabled(ctx context.Context, sub *subscription.Subscription, publish func(context.Context, []bus.Msg) error) {
	at := sub.GetDisabledAt()
	if sub.GetDisabledReason() == subscription.DisabledRequested || s.now().Sub(at.AsTime()) > announceFor {
		return
	}
	if told, ok := s.announced.Load(sub.GetId()); ok && told == at.AsTime() {
		return
	}
	msg, err := disabledMsg(sub)
	if err != nil {
		s.Log.ErrorContext(ctx, "encode event", "type", event.TypeDisabled, "error", err)
		return
	}
	err = publish(ctx, []bus.Msg{msg})
	if err != nil {
		s.Log.ErrorContext(ctx, "tell tenant of disabled subscription", "subscription", sub.GetId(), "error", err)
		return
	}
	s.announced.Store(sub.GetId(), at.AsTime())
}

// disabledMsg is the event subscription.disabled as it goes into EVENTS.
func disabledMsg(sub *subscription.Subscription) (bus.Msg, error) {
	at := sub.GetDisabledAt()
	data, err := json.Marshal(map[string]any{
		"subscriptionId": sub.GetId(),
		"url":            sub.GetUrl(),
		"reason":         sub.GetDisabledReason(),
		"disabledAt":     at.AsTime().Format(time.RFC3339Nano),
	})
	if err != nil {
		return bus.Msg{}, fmt.Errorf("encode %s: %w", event.TypeDisabled, err)
	}
	e := &posthastev1.Event{
		Id:     "evt_disabled_" + sub.GetId() + "_" + strconv.FormatInt(at.AsTime().UnixNano(), 36),
		Tenant: sub.GetTenant(), Type: event.TypeDisabled, Time: at, Data: data,
	}
	encoded, err := delivery.AppendEvent(nil, e)
	if err != nil {
		return bus.Msg{}, err
	}
	return bus.Msg{
		Subject: eventid.Subject(e.GetTenant(), e.GetType()),
		ID:      eventid.MsgID(e.GetTenant(), "", e.GetId()),
		Data:    encoded,
		Header:  nats.Header{bus.HeaderContentType: {event.ContentTypeProtobuf}},
	}, nil
}
