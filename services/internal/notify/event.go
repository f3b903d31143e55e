package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// maxEventBytes is far above what a dispatcher publishes.
const maxEventBytes = 64 << 10

// Why an event is nothing to tell of.
var (
	// errUnreadable is an event that no dispatcher made.
	errUnreadable = errors.New("unreadable event")
	// errUnfounded is an event whose subscription is gone, or was not disabled
	// then: its tenant made it, or the bucket's copy that was asked lags behind.
	errUnfounded = errors.New("no such subscription was disabled then")
)

// read takes from the event which subscription was disabled when, and the
// rest from the subscription. Errors: errUnreadable, errUnfounded, and those of
// the store.
func (n *Notifier) read(ctx context.Context, msg jetstream.Msg, meta *jetstream.MsgMetadata) (*notice, error) {
	told, err := decode(msg, meta)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	sub, err := n.subscriptions.Get(ctx, told.tenant, told.id)
	if errors.Is(err, subscription.ErrNotFound) {
		return nil, errUnfounded
	}
	if err != nil {
		return nil, err
	}
	for _, period := range sub.GetDisabledPeriods() {
		if period.GetFrom().AsTime().Equal(told.at) {
			told.url = sub.GetUrl()
			return told, nil
		}
	}
	return nil, errUnfounded
}

// decode reads the event alone.
func decode(msg jetstream.Msg, meta *jetstream.MsgMetadata) (*notice, error) {
	e, err := event.ReadMessage(event.Message{
		Subject: msg.Subject(), Header: msg.Headers(), Data: msg.Data(),
		Stored: meta.Timestamp, Sequence: meta.Sequence.Stream,
	}, event.Limits{EventBytes: maxEventBytes, BatchEvents: 1})
	if err != nil {
		return nil, err
	}
	var data struct {
		SubscriptionID string    `json:"subscriptionId"`
		Reason         string    `json:"reason"`
		DisabledAt     time.Time `json:"disabledAt"`
	}
	if err := json.Unmarshal(e.GetData(), &data); err != nil {
		return nil, fmt.Errorf("decode data: %w", err)
	}
	if !subscription.CheckID(data.SubscriptionID) {
		return nil, errors.New("subscriptionId is none")
	}
	return &notice{tenant: e.GetTenant(), id: data.SubscriptionID, reason: data.Reason, at: data.DisabledAt}, nil
}
