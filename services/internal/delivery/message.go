package delivery

import (
	"github.com/nats-io/nats.go"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
)

// Message is a delivery that is to be tried now, as it goes into a lane.
// Publishing it again within the stream's window changes nothing. header may be
// nil.
func Message(lane bus.Lane, d *posthastev1.Delivery, header nats.Header) (bus.Msg, error) {
	data, err := Encode(d)
	if err != nil {
		return bus.Msg{}, err
	}
	return bus.Msg{
		Subject: bus.DeliverySubject(lane, d.GetEvent().GetTenant(), d.GetSubscriptionId()),
		ID:      MsgID(d), Data: data, Header: header,
	}, nil
}
