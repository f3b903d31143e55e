package dispatcher

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
)

// made is a delivery of a new event, as control makes one.
func made(sub string, change ...func(*posthastev1.Delivery)) *posthastev1.Delivery {
	d := &posthastev1.Delivery{
		SubscriptionId: sub, Attempt: 1, CreatedAt: timestamppb.Now(), Sequence: 7,
		Event: &posthastev1.Event{
			Id: fmt.Sprintf("evt_%s_%d", sub, time.Now().UnixNano()), Tenant: "t", Type: "task.done",
			Time: timestamppb.Now(), Data: []byte(`{"taskId":"task_1"}`),
		},
	}
	d.Id = delivery.ID(d.GetEvent(), sub)
	for _, c := range change {
		c(d)
	}
	return d
}

// inRound makes it a redelivery or a replay.
func inRound(d *posthastev1.Delivery, round string) *posthastev1.Delivery {
	d = proto.CloneOf(d)
	d.Round = round
	return d
}

// test makes it a test.
func test(d *posthastev1.Delivery) { d.Test = true }

// publish puts a delivery into the lane fresh, however often it was there.
func (h *house) publish(tb testing.TB, d *posthastev1.Delivery) {
	tb.Helper()
	data, err := delivery.Encode(d)
	if err != nil {
		tb.Fatal(err)
	}
	id := fmt.Sprint(delivery.MsgID(d), " ", time.Now().UnixNano())
	msg := bus.Msg{Subject: bus.DeliverySubject(bus.LaneFresh, "t", d.GetSubscriptionId()), ID: id, Data: data}
	if err := h.bus.NewPublisher(1, 8<<20).Publish(tb.Context(), []bus.Msg{msg}); err != nil {
		tb.Fatal(err)
	}
}

// failures is how many deliveries of the subscription are counted as failed.
func (h *house) failures(tb testing.TB, sub string) int {
	tb.Helper()
	counts, err := h.redis.Failures(tb.Context(), []string{sub})
	if err != nil {
		tb.Fatal(err)
	}
	return counts[0]
}

// speaks sets the dialect.
func speaks(name string) func(*posthastev1.Subscription) {
	return func(s *posthastev1.Subscription) { s.Dialect = name }
}

// signs sets the secrets, newest first.
func signs(secrets ...string) func(*posthastev1.Subscription) {
	return func(s *posthastev1.Subscription) {
		s.Secrets = nil
		for _, value := range secrets {
			s.Secrets = append(s.Secrets, &posthastev1.Secret{Value: value})
		}
	}
}
