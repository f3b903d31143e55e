package replay

import (
	"context"
	"errors"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
)

// publish makes the deliveries of a part and returns when JetStream has them.
// They go by the lane due, so that they do not delay what is fresh.
func (j *job) publish(ctx context.Context, p part) error {
	if _, err := j.active(ctx, j.rec); err != nil {
		return err // it may have waited for its rate, or for room
	}
	msgs := make([]bus.Msg, len(p.entries))
	created := timestamppb.New(j.now())
	for i, entry := range p.entries {
		d := &posthastev1.Delivery{
			Id:             delivery.ID(entry.Event, j.rec.GetSubscriptionId()),
			SubscriptionId: j.rec.GetSubscriptionId(),
			Event:          entry.Event,
			Attempt:        1,
			CreatedAt:      created,
			Sequence:       entry.Sequence,
			Round:          j.rec.GetId(),
		}
		msg, err := delivery.Message(bus.LaneDue, d, entry.Header)
		if err != nil {
			return err
		}
		msgs[i] = msg
	}
	acks := make([]bus.Ack, len(msgs))
	err := j.publisher.PublishAcked(ctx, msgs, acks)
	if errors.Is(err, bus.ErrTooLarge) {
		return refuse("a delivery between sequences %d and %d is larger than NATS takes", p.entries[0].Sequence, p.next-1)
	}
	if err == nil {
		j.deps.Books.Made(len(msgs), acks)
	}
	return err
}
