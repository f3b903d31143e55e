package control

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/posthaste/posthaste/pkg/eventid"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// publish puts an event into EVENTS and returns its place.
func (h *harness) publish(t *testing.T, tenant, eventType, id, data string) uint64 {
	t.Helper()
	body := fmt.Sprintf(`{"id":%q,"type":%q,"timestamp":"2026-01-15T10:30:00.123Z","data":%s}`, id, eventType, data)
	ack, err := h.bus.JS.Publish(t.Context(), eventid.Subject(tenant, eventType), []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return ack.Sequence
}

// past puts records into the history, as if dispatchers had made them.
func (h *harness) past(t *testing.T, records ...*posthastev1.Attempt) {
	t.Helper()
	if err := h.deps.History.Apply(t.Context(), records); err != nil {
		t.Fatal(err)
	}
}

// began is lately: the history forgets what is old.
var began = time.Now().UTC().Truncate(time.Hour).Add(-2 * time.Hour)

// at is so many minutes after began.
func at(minute int) *timestamppb.Timestamp {
	return timestamppb.New(began.Add(time.Duration(minute) * time.Minute))
}

// attempt is the record of an attempt that was answered 200.
func attempt(tenant, subscriptionID, deliveryID string, change ...func(*posthastev1.Attempt)) *posthastev1.Attempt {
	a := &posthastev1.Attempt{
		DeliveryId: deliveryID, SubscriptionId: subscriptionID, Tenant: tenant, EventId: "evt_" + deliveryID, EventType: "task.created",
		Number: 1, StartedAt: at(0), CreatedAt: at(0), Latency: durationpb.New(1500 * time.Microsecond),
		Status: http.StatusOK, Reason: "delivered", Outcome: posthastev1.Outcome_OUTCOME_DELIVERED, Url: "https://example.com/hook",
	}
	for _, c := range change {
		c(a)
	}
	return a
}

// dispatch stands in for a dispatcher: it answers each fresh delivery with the
// record of an attempt.
func (h *harness) dispatch(t *testing.T, answer func(*posthastev1.Delivery) *posthastev1.Attempt) {
	t.Helper()
	testbed.Running(t, func(ctx context.Context) error {
		return h.bus.Consume(ctx, bus.StreamDeliveries, string(bus.LaneFresh), bus.ConsumeOptions{Prefetch: 8, PrefetchBytes: 1 << 20}, func(msg jetstream.Msg) {
			d, err := delivery.Decode(msg.Data())
			if err != nil {
				t.Error(err)
				return
			}
			record := answer(d)
			data, err := proto.Marshal(record)
			if err == nil {
				_, err = h.bus.JS.Publish(ctx, bus.AttemptSubject(record.GetTenant(), record.GetSubscriptionId()), data)
			}
			if err == nil {
				err = msg.Ack()
			}
			if err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		})
	})
}

// answered is the record of the delivery's attempt.
func answered(d *posthastev1.Delivery, status int32, body string) *posthastev1.Attempt {
	outcome := posthastev1.Outcome_OUTCOME_DELIVERED
	if status != http.StatusOK {
		outcome = posthastev1.Outcome_OUTCOME_FAILED
	}
	return &posthastev1.Attempt{
		DeliveryId: d.GetId(), SubscriptionId: d.GetSubscriptionId(), Tenant: d.GetEvent().GetTenant(), EventId: d.GetEvent().GetId(),
		EventType: d.GetEvent().GetType(), Number: 1, StartedAt: d.GetCreatedAt(), Latency: durationpb.New(2500 * time.Microsecond),
		Status: status, Reason: "reason", Outcome: outcome, Test: d.GetTest(), Answer: []byte(body), Url: "https://example.com/hook",
		CreatedAt: d.GetCreatedAt(), Sequence: d.GetSequence(), Round: d.GetRound(),
	}
}

// deliveries are those in DELIVERIES now.
func (h *harness) deliveries(t *testing.T) []*posthastev1.Delivery {
	t.Helper()
	var all []*posthastev1.Delivery
	for _, msg := range testbed.Messages(t, h.bus.JS, bus.StreamDeliveries) {
		d, err := delivery.Decode(msg.Data)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	return all
}
