package endpoints

import (
	"github.com/posthaste/posthaste/services/internal/history"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// EndpointList is the subscriptions that stand out, most of all first.
type EndpointList struct {
	Data []Endpoint `json:"data" nullable:"false"`
}

// Endpoint is a subscription and what became of its deliveries.
type Endpoint struct {
	SubscriptionID string         `json:"subscriptionId"`
	Tenant         string         `json:"tenant"`
	URL            string         `json:"url" doc:"Empty where the subscription was removed."`
	Status         string         `json:"status" enum:"active,disabled,removed" doc:"Of the subscription."`
	Counts         EndpointCounts `json:"counts" doc:"Deliveries that the history has, without tests."`
	FailureRate    float64        `json:"failureRate" doc:"failed of delivered and failed, 0 to 1; 0 where there is neither."`
}

// EndpointCounts are deliveries by their status.
type EndpointCounts struct {
	Waiting   int64 `json:"waiting"`
	Delivered int64 `json:"delivered"`
	Failed    int64 `json:"failed"`
	Cancelled int64 `json:"cancelled"`
}

// newEndpoint shows the counts of sub, nil for one that was removed.
func newEndpoint(c history.Counts, sub *subscription.Subscription) Endpoint {
	v := Endpoint{
		SubscriptionID: c.SubscriptionID, Tenant: c.Tenant, Status: "removed",
		Counts: EndpointCounts{Waiting: c.Waiting, Delivered: c.Delivered, Failed: c.Failed, Cancelled: c.Cancelled},
	}
	if ended := c.Delivered + c.Failed; ended > 0 {
		v.FailureRate = float64(c.Failed) / float64(ended)
	}
	if sub == nil || sub.GetTenant() != c.Tenant {
		return v
	}
	v.URL, v.Status = sub.GetUrl(), "active"
	if !sub.Active() {
		v.Status = "disabled"
	}
	return v
}
