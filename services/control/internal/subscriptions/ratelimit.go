package subscriptions

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/rest"
)

// The bounds of a rate. The least that they allow is one delivery a day: what
// comes more seldom would outlive its event.
const (
	maxRateDeliveries = 100_000
	minRatePer        = time.Second
	maxRatePer        = 24 * time.Hour
)

// EventSubscriptionRateLimit is how many POSTs the endpoint gets at most.
type EventSubscriptionRateLimit struct {
	Deliveries int    `json:"deliveries"`
	Per        string `json:"per"`
}

// readRateLimit is nil where there is none.
func readRateLimit(req *RateLimitRequest, f *rest.Faults) *posthastev1.RateLimit {
	if req == nil {
		return nil
	}
	if req.Deliveries < 1 || req.Deliveries > maxRateDeliveries {
		f.Add("rateLimit.deliveries", "must be 1 to %d, is %d", maxRateDeliveries, req.Deliveries)
		return nil
	}
	per, err := time.ParseDuration(req.Per)
	if err != nil || per < minRatePer || per > maxRatePer {
		f.Add("rateLimit.per", "must be a duration such as 1m, from %s to %s", minRatePer, shortDuration(maxRatePer))
		return nil
	}
	return &posthastev1.RateLimit{Deliveries: uint32(req.Deliveries), Per: durationpb.New(per)}
}

func showRateLimit(pb *posthastev1.RateLimit) *EventSubscriptionRateLimit {
	if pb == nil {
		return nil
	}
	return &EventSubscriptionRateLimit{Deliveries: int(pb.GetDeliveries()), Per: shortDuration(pb.GetPer().AsDuration())}
}
