package delay

import (
	"fmt"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
)

// Later is the one verb for waiting: it makes the message that has d tried
// again at the given time, for the given reason. It sets NotBefore and Reason
// on d. The caller publishes the message and then acks the delivery that d
// came from. Making it again gives the same message id.
func Later(d *posthastev1.Delivery, at time.Time, why string, now time.Time) (bus.Msg, error) {
	d.NotBefore = timestamppb.New(at)
	d.Reason = why
	data, err := delivery.Encode(d)
	if err != nil {
		return bus.Msg{}, fmt.Errorf("put off delivery %s: %w", d.GetId(), err)
	}
	return bus.Msg{
		Subject: subject(d, at.Sub(now)),
		ID: delivery.MsgID(d) + ":" + strconv.FormatUint(uint64(d.GetAttempt()), 10) + ":" +
			strconv.FormatUint(uint64(d.GetDeferrals()), 10),
		Data: data,
	}, nil
}

// subject is where a delivery goes that is to wait: a tier, or the lane due
// when there is nothing left to wait for.
func subject(d *posthastev1.Delivery, wait time.Duration) string {
	if tier, ok := Pick(wait); ok {
		return bus.DelaySubject(tier.Name, d.GetEvent().GetTenant(), d.GetSubscriptionId())
	}
	return bus.DeliverySubject(bus.LaneDue, d.GetEvent().GetTenant(), d.GetSubscriptionId())
}
