package client_test

import (
	"context"

	"github.com/posthaste/posthaste/pkg/client"
)

const neiracoreWant = `{"id":"wh_1","agentAid":"agent","url":"https://e.x/","events":["task.claimed"],"status":"paused","createdAt":"2026-01-02T00:00:00Z"}`

// webhookCalls are N1.
var webhookCalls = map[string]callTest{
	"Create": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.Webhooks.Create(ctx, client.CreateNeiracoreWebhook{AgentAID: "agent", URL: "https://e.x/", Events: []string{"task.claimed"}, Secret: "whsec_mine"})
		},
		method: "POST", uri: "/v1/webhooks", keyed: true, body: `{"agentAid":"agent","url":"https://e.x/","events":["task.claimed"],"secret":"whsec_mine"}`,
		status: 201, answer: neiracoreWant, want: neiracoreWant,
	},
	"List": {
		call:   func(ctx context.Context, c *client.Client) (any, error) { return c.Webhooks.List(ctx, "agent") },
		method: "GET", uri: "/v1/webhooks?agentAid=agent", status: 200, answer: `{"data":[` + neiracoreWant + `]}`, want: `[` + neiracoreWant + `]`,
	},
	"Get": {
		call:   func(ctx context.Context, c *client.Client) (any, error) { return c.Webhooks.Get(ctx, "wh_1") },
		method: "GET", uri: "/v1/webhooks/wh_1", status: 200, answer: neiracoreWant, want: neiracoreWant,
	},
	"Delete": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return errOnly(c.Webhooks.Delete(ctx, "wh_1"))
		},
		method: "DELETE", uri: "/v1/webhooks/wh_1", status: 204, want: `null`,
	},
}

// aiCityCalls are C1 to C5 and C12.
var aiCityCalls = map[string]callTest{
	"RegisterWebhook": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.RegisterWebhook(ctx, "https://e.x/")
		},
		method: "PUT", uri: "/v1/webhook", keyed: true, body: `{"url":"https://e.x/"}`, status: 200,
		answer: `{"url":"https://e.x/","secret":"whsec_x","enabled":true}`, want: `{"url":"https://e.x/","secret":"whsec_x","enabled":true}`,
	},
	"GetWebhook": {
		call:   func(ctx context.Context, c *client.Client) (any, error) { return c.GetWebhook(ctx) },
		method: "GET", uri: "/v1/webhook", status: 200, answer: `{"url":"https://e.x/","secretPrefix":"whsec_abcdef","enabled":false,"failCount":10}`,
		want: `{"url":"https://e.x/","secretPrefix":"whsec_abcdef","enabled":false,"failCount":10}`,
	},
	"GetWebhook of none": {
		call:   func(ctx context.Context, c *client.Client) (any, error) { return c.GetWebhook(ctx) },
		method: "GET", uri: "/v1/webhook", status: 404, answer: `{"error":{"code":"not_found","message":"none","details":{}}}`, want: `null`,
	},
	"RemoveWebhook": {
		call:   func(ctx context.Context, c *client.Client) (any, error) { return errOnly(c.RemoveWebhook(ctx)) },
		method: "DELETE", uri: "/v1/webhook", status: 204, want: `null`,
	},
	"TestWebhook": {
		call:   func(ctx context.Context, c *client.Client) (any, error) { return c.TestWebhook(ctx) },
		method: "POST", uri: "/v1/webhook/test", status: 200, answer: `{"success":true,"status":200,"body":"ok"}`, want: `{"success":true,"status":200,"body":"ok"}`,
	},
	"ListWebhookDeliveries": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.ListWebhookDeliveries(ctx, client.ListWebhookDeliveriesOptions{Status: "failed", Page: 1, PageSize: 20})
		},
		method: "GET", uri: "/v1/webhook/deliveries?page=1&pageSize=20&status=failed", status: 200,
		answer: `{"data":[{"id":"d1","eventType":"task.assigned","status":"failed","responseStatus":500,"attempts":3,"lastAttemptAt":null}],"pagination":{"page":1,"pageSize":20,"total":1,"totalPages":1}}`,
		want:   `{"data":[{"id":"d1","eventType":"task.assigned","status":"failed","responseStatus":500,"attempts":3,"lastAttemptAt":null}],"pagination":{"page":1,"pageSize":20,"total":1,"totalPages":1}}`,
	},
}
