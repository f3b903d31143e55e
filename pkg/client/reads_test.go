package client_test

import (
	"context"
	"encoding/json"

	"github.com/posthaste/posthaste/pkg/client"
)

const deliveryWant = `{"id":"d1","subscriptionId":"evsub_1","tenant":"acme","eventId":"e1","eventType":"a","status":"failed","attempts":1,"responseStatus":500,` +
	`"reason":"server_error","error":"500","url":"https://e.x/","createdAt":"2026-01-02T00:00:00Z","firstAttemptAt":"2026-01-02T00:00:00Z",` +
	`"lastAttemptAt":"2026-01-02T00:00:00Z","finishedAt":"2026-01-02T00:00:01Z","durationMs":3.5,"test":false,` +
	`"attemptLog":[{"round":"red_1","number":1,"posted":true,"startedAt":"2026-01-02T00:00:00Z","durationMs":3.5,"responseStatus":null,"reason":"timeout","error":"slow",` +
	`"outcome":"failed","url":"https://e.x/","requestHeaders":{"webhook-id":"d1"},"answer":"no","nextAttemptAt":"2026-01-02T00:00:10Z"}]}`

var deliveryCalls = map[string]callTest{
	"List": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.Deliveries.List(ctx, client.ListDeliveries{
				Status: client.DeliveryFailed, Subscription: "evsub_1", EventType: "a", EventID: "e1", Since: day(1), Until: day(2), Page: 2, PageSize: 5, Tests: true,
			})
		},
		method: "GET", status: 200,
		uri: "/v1/deliveries?eventId=e1&eventType=a&page=2&pageSize=5&since=2026-01-01T10%3A30%3A00Z&status=failed&subscription=evsub_1&tests=true" +
			"&until=2026-01-02T10%3A30%3A00Z",
		answer: `{"data":[` + deliveryWant + `],"pagination":{"page":2,"pageSize":5,"total":6,"totalPages":2}}`,
		want:   `{"data":[` + deliveryWant + `],"pagination":{"page":2,"pageSize":5,"total":6,"totalPages":2}}`,
	},
	"Get": {
		call:   func(ctx context.Context, c *client.Client) (any, error) { return c.Deliveries.Get(ctx, "d1") },
		method: "GET", uri: "/v1/deliveries/d1", status: 200, answer: `{"data":` + deliveryWant + `}`, want: deliveryWant,
	},
	"Redeliver": {
		call:   func(ctx context.Context, c *client.Client) (any, error) { return c.Deliveries.Redeliver(ctx, "d1") },
		method: "POST", uri: "/v1/deliveries/d1/redeliver", keyed: true, status: 202, answer: `{"data":{"deliveryId":"d1","round":"r1"}}`, want: `{"deliveryId":"d1","round":"r1"}`,
	},
}

const eventWant = `{"id":"e1","type":"a","timestamp":"2026-01-02T00:00:00Z","data":{"n":1.0},"tenant":"acme","source":"/shop","sequence":123}`

var eventCalls = map[string]callTest{
	"Send": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			sent, warnings, err := c.Events.Send(ctx, client.NewEvent{
				ID: "e1", Type: "a", Timestamp: day(1), Data: json.RawMessage(`{"n":1.0,"s":"<&>"}`), Tenant: "acme", Source: "/shop",
			})
			return []any{sent, warnings}, err
		},
		method: "POST", uri: "/v1/events", keyed: true,
		body:   `{"id":"e1","type":"a","timestamp":"2026-01-01T10:30:00Z","data":{"n":1.0,"s":"<&>"},"tenant":"acme","source":"/shop"}`,
		status: 202, answer: `{"data":[{"id":"e1","duplicate":true}],"warnings":[{"id":"e1","type":"a","message":"old"}]}`,
		want: `[{"id":"e1","duplicate":true},[{"id":"e1","type":"a","message":"old"}]]`,
	},
	"SendBatch": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.Events.SendBatch(ctx, []client.NewEvent{{ID: "e1", Type: "a", Data: map[string]int{"n": 1}}, {ID: "e2", Type: "b", Tenant: "beta"}})
		},
		method: "POST", uri: "/v1/events", keyed: true, body: `[{"id":"e1","type":"a","data":{"n":1}},{"id":"e2","type":"b","data":null,"tenant":"beta"}]`,
		status: 202, answer: `{"data":[{"id":"e1","duplicate":false},{"id":"e2","duplicate":false}]}`, want: `{"data":[{"id":"e1","duplicate":false},{"id":"e2","duplicate":false}]}`,
	},
	"List": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.Events.List(ctx, client.ListEvents{After: "c1", Limit: 7, Types: []string{"a", "b.*"}})
		},
		method: "GET", uri: "/v1/events?after=c1&limit=7&types=a%2Cb.%2A", status: 200,
		answer: `{"data":[` + eventWant + `],"nextCursor":"c2","hasMore":true}`, want: `{"data":[` + eventWant + `],"nextCursor":"c2","hasMore":true}`,
	},
}

const typeWant = `{"name":"a","description":"d","example":{"n":1},"schema":{"type":"object"},"deprecated":true,"sunset":"2026-06-30","source":"tenant"}`

var catalogueCalls = map[string]callTest{
	"List": {
		call:   func(ctx context.Context, c *client.Client) (any, error) { return c.EventTypes.List(ctx) },
		method: "GET", uri: "/v1/event-types", status: 200, answer: `{"data":[` + typeWant + `,{"name":"b","sunset":null}]}`, want: `[` + typeWant + `,{"name":"b"}]`,
	},
	"Get": {
		call:   func(ctx context.Context, c *client.Client) (any, error) { return c.EventTypes.Get(ctx, "a") },
		method: "GET", uri: "/v1/event-types/a", status: 200, answer: `{"data":` + typeWant + `}`, want: typeWant,
	},
	"Put": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.EventTypes.Put(ctx, client.EventType{Name: "a", Description: "d", Sunset: "2026-06-30", Source: "builtin"})
		},
		method: "PUT", uri: "/v1/event-types/a", body: `{"name":"a","description":"d","sunset":"2026-06-30"}`, status: 200, answer: `{"data":` + typeWant + `}`, want: typeWant,
	},
	"PutAll of the server": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.EventTypes.Server().PutAll(ctx, []client.EventType{{Name: "a", Source: "builtin"}})
		},
		method: "PUT", uri: "/v1/event-types?scope=server", body: `{"eventTypes":[{"name":"a"}]}`, status: 200, answer: `{"data":[` + typeWant + `]}`, want: `[` + typeWant + `]`,
	},
	"Delete": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return errOnly(c.EventTypes.Delete(ctx, "a"))
		},
		method: "DELETE", uri: "/v1/event-types/a", status: 204, want: `null`,
	},
	"Dialects": {
		call:   func(ctx context.Context, c *client.Client) (any, error) { return c.Dialects.List(ctx) },
		method: "GET", uri: "/v1/dialects", status: 200, answer: `{"data":[{"name":"standard","description":"d","default":true}]}`,
		want: `[{"name":"standard","description":"d","default":true}]`,
	},
}

const tenantWant = `{"name":"acme","dialect":"aicity","eventTypeEnforcement":"known","createdAt":"2026-01-02T00:00:00Z","updatedAt":"2026-01-02T00:00:00Z"}`

var tenantCalls = map[string]callTest{
	"List": {
		call:   func(ctx context.Context, c *client.Client) (any, error) { return c.Tenants.List(ctx) },
		method: "GET", uri: "/v1/tenants", status: 200, answer: `{"data":[` + tenantWant + `]}`, want: `[` + tenantWant + `]`,
	},
	"Get": {
		call:   func(ctx context.Context, c *client.Client) (any, error) { return c.Tenants.Get(ctx, "acme") },
		method: "GET", uri: "/v1/tenants/acme", status: 200, answer: `{"data":` + tenantWant + `}`, want: tenantWant,
	},
	"Get with nulls": {
		call:   func(ctx context.Context, c *client.Client) (any, error) { return c.Tenants.Get(ctx, "acme") },
		method: "GET", uri: "/v1/tenants/acme", status: 200, answer: `{"data":{"name":"acme","dialect":null,"eventTypeEnforcement":null}}`,
		want: `{"name":"acme","createdAt":"0001-01-01T00:00:00Z","updatedAt":"0001-01-01T00:00:00Z"}`,
	},
	"Put": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.Tenants.Put(ctx, "acme", client.TenantSettings{Dialect: "aicity", EventTypeEnforcement: client.EnforceKnown})
		},
		method: "PUT", uri: "/v1/tenants/acme", body: `{"dialect":"aicity","eventTypeEnforcement":"known"}`, status: 200, answer: `{"data":` + tenantWant + `}`, want: tenantWant,
	},
	"Delete": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return errOnly(c.Tenants.Delete(ctx, "acme"))
		},
		method: "DELETE", uri: "/v1/tenants/acme", status: 204, want: `null`,
	},
}
