package client_test

import (
	"context"
	"testing"

	"github.com/posthaste/posthaste/pkg/client"
)

const endpointWant = `{"subscriptionId":"evsub_1","tenant":"acme","url":"https://e.x/","status":"disabled",` +
	`"counts":{"waiting":2,"delivered":1,"failed":3,"cancelled":4},"failureRate":0.75}`

var endpointCalls = map[string]callTest{
	"Top": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.Endpoints.Top(ctx, client.TopEndpoints{Sort: client.DeliveryWaiting, Limit: 5})
		},
		method: "GET", uri: "/v1/endpoints?limit=5&sort=waiting", status: 200, answer: `{"data":[` + endpointWant + `]}`, want: `[` + endpointWant + `]`,
	},
	"Top by default": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.Endpoints.Top(ctx, client.TopEndpoints{})
		},
		method: "GET", uri: "/v1/endpoints", status: 200, answer: `{"data":[]}`, want: `[]`,
	},
}

// TestTopOfTenant: a client that acts for a tenant asks for its endpoints alone.
func TestTopOfTenant(t *testing.T) {
	t.Parallel()
	top := endpointCalls["Top"]
	got, _ := top.run(t, client.WithTenant("acme"))
	if want := "/v1/endpoints?limit=5&sort=waiting&tenant=acme"; got.uri != want {
		t.Errorf("%s, want %s", got.uri, want)
	}
}
