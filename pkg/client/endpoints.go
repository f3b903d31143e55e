package client

import (
	"context"
	"net/http"
	"net/url"
)

// EndpointRemoved is the status of an endpoint whose subscription was removed.
const EndpointRemoved = "removed"

// Endpoint is a subscription and what became of its deliveries.
type Endpoint struct {
	SubscriptionID string         `json:"subscriptionId"`
	Tenant         string         `json:"tenant"`
	URL            string         `json:"url"`    // "" where the subscription was removed
	Status         string         `json:"status"` // the subscription's, or EndpointRemoved
	Counts         EndpointCounts `json:"counts"`
	// FailureRate is failed of delivered and failed, 0 to 1.
	FailureRate float64 `json:"failureRate"`
}

// EndpointCounts are the deliveries that the history has, without tests, by
// their status.
type EndpointCounts struct {
	Waiting   int64 `json:"waiting"`
	Delivered int64 `json:"delivered"`
	Failed    int64 `json:"failed"`
	Cancelled int64 `json:"cancelled"`
}

// TopEndpoints says which endpoints to read; what is zero is left to the server.
type TopEndpoints struct {
	Sort  string // DeliveryWaiting and those beside it; "" for DeliveryFailed
	Limit int    // 1 to 100; 0 for 10
}

// EndpointsService tells which endpoints stand out.
type EndpointsService struct{ core *core }

// Top reads the endpoints with most deliveries of a status, the most first.
// Those without any are left out. An operator's client that acts for no tenant
// gets those of all.
func (s *EndpointsService) Top(ctx context.Context, in TopEndpoints) ([]Endpoint, error) {
	q := query{}.text("sort", in.Sort).number("limit", in.Limit)
	return fetchList[Endpoint](ctx, s.core, call{method: http.MethodGet, path: []string{"endpoints"}, query: url.Values(q)})
}
