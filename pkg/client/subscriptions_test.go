package client_test

import (
	"context"
	"encoding/json"
	"time"

	"github.com/posthaste/posthaste/pkg/client"
)

const (
	subAnswer = `{"data":{"id":"evsub_1","tenant":"acme","url":"https://e.x/","eventTypes":["*"],"filters":{"taskIds":[]},"description":"","dialect":"standard",` +
		`"status":"active","signingAlgorithm":"hmac_sha256","retryPolicy":{"maxAttempts":2,"initialBackoffSeconds":60,"maxBackoffSeconds":60,"delays":["1m"]},` +
		`"failCount":0,"timeout":"5s","disableAfter":10,"rateLimit":{"deliveries":90,"per":"1m"},"contentType":"application/json","secret":"whsec_x","secretPrefix":"whs",` +
		`"createdAt":"2026-01-15T10:30:00.000Z","updatedAt":"2026-01-15T10:30:00.123Z","availableActions":["deactivate"]},"availableActions":["deactivate"]}`
	subWant = `{"id":"evsub_1","tenant":"acme","url":"https://e.x/","eventTypes":["*"],"filters":{},"description":"","dialect":"standard",` +
		`"status":"active","signingAlgorithm":"hmac_sha256","retryPolicy":{"maxAttempts":2,"initialBackoffSeconds":60,"maxBackoffSeconds":60,"delays":["1m0s"]},` +
		`"failCount":0,"timeout":"5s","disableAfter":10,"rateLimit":{"deliveries":90,"per":"1m0s"},"contentType":"application/json","secret":"whsec_x","secretPrefix":"whs",` +
		`"createdAt":"2026-01-15T10:30:00Z","updatedAt":"2026-01-15T10:30:00.123Z"}`
)

var subscriptionCalls = map[string]callTest{
	"Create": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.EventSubscriptions.Create(ctx, client.CreateEventSubscription{
				URL: "https://e.x/?a=<b>&c", EventTypes: []string{"task.*"}, Secret: "whsec_mine", Description: "d", Dialect: "aicity",
				Filters:     &client.Filters{TaskIDs: []string{"t1"}, Pattern: json.RawMessage(`{"n":[1]}`)},
				RetryPolicy: &client.RetryDelays{Delays: []client.Duration{client.Duration(time.Minute)}},
				Timeout:     client.Duration(5 * time.Second), Headers: map[string]string{"X-A": "b"}, DisableAfter: new(0),
				TLS:         &client.TLS{ClientCertificate: "c", ClientKey: "k", CA: "a"},
				RateLimit:   &client.DeliveryRate{Deliveries: 10, Per: client.Duration(time.Second)},
				ContentType: "text/json", SigningAlgorithm: "hmac_sha256", SendTraceparent: new(false),
			})
		},
		method: "POST", uri: "/v1/event-subscriptions", keyed: true,
		body: `{"url":"https://e.x/?a=<b>&c","eventTypes":["task.*"],"secret":"whsec_mine","signingAlgorithm":"hmac_sha256","description":"d",` +
			`"filters":{"taskIds":["t1"],"pattern":{"n":[1]}},"dialect":"aicity","retryPolicy":{"delays":["1m0s"]},"timeout":"5s","headers":{"X-A":"b"},` +
			`"tls":{"clientCertificate":"c","clientKey":"k","ca":"a"},"disableAfter":0,"rateLimit":{"deliveries":10,"per":"1s"},"contentType":"text/json","sendTraceparent":false}`,
		status: 201, answer: subAnswer, want: subWant,
	},
	"Create the least": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.EventSubscriptions.Create(ctx, client.CreateEventSubscription{URL: "https://e.x/", EventTypes: []string{"*"}})
		},
		method: "POST", uri: "/v1/event-subscriptions", keyed: true, body: `{"url":"https://e.x/","eventTypes":["*"]}`, status: 201, answer: subAnswer, want: subWant,
	},
	"List": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.EventSubscriptions.List(ctx, client.ListEventSubscriptions{Limit: 2, Cursor: "evsub_0"})
		},
		method: "GET", uri: "/v1/event-subscriptions?cursor=evsub_0&limit=2", status: 200,
		answer: `{"data":[],"availableActions":["create"],"nextCursor":"evsub_1"}`, want: `{"data":[],"nextCursor":"evsub_1"}`,
	},
	"Get": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.EventSubscriptions.Get(ctx, "evsub_1/../x?")
		},
		method: "GET", uri: "/v1/event-subscriptions/evsub_1%2F..%2Fx%3F", status: 200, answer: subAnswer, want: subWant,
	},
	"Update": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.EventSubscriptions.Update(ctx, "evsub_1", client.UpdateEventSubscription{
				URL: client.Set("https://f.x/"), Timeout: client.Reset[client.Duration](), Description: client.Set(""),
				Filters: client.Set(client.UpdateFilters{TaskIDs: client.Reset[[]string]()}),
			})
		},
		method: "PATCH", uri: "/v1/event-subscriptions/evsub_1", body: `{"url":"https://f.x/","description":"","filters":{"taskIds":null},"timeout":null}`,
		status: 200, answer: subAnswer, want: subWant,
	},
	"Update the rate": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.EventSubscriptions.Update(ctx, "evsub_1", client.UpdateEventSubscription{
				RateLimit: client.Set(client.DeliveryRate{Deliveries: 90, Per: client.Duration(time.Minute)}),
			})
		},
		method: "PATCH", uri: "/v1/event-subscriptions/evsub_1", body: `{"rateLimit":{"deliveries":90,"per":"1m0s"}}`, status: 200, answer: subAnswer, want: subWant,
	},
	"Update to no rate": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.EventSubscriptions.Update(ctx, "evsub_1", client.UpdateEventSubscription{RateLimit: client.Reset[client.DeliveryRate]()})
		},
		method: "PATCH", uri: "/v1/event-subscriptions/evsub_1", body: `{"rateLimit":null}`, status: 200, answer: subAnswer, want: subWant,
	},
	"Update to no traceparent": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.EventSubscriptions.Update(ctx, "evsub_1", client.UpdateEventSubscription{SendTraceparent: client.Set(false)})
		},
		method: "PATCH", uri: "/v1/event-subscriptions/evsub_1", body: `{"sendTraceparent":false}`, status: 200, answer: subAnswer, want: subWant,
	},
	"Delete": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return errOnly(c.EventSubscriptions.Delete(ctx, "evsub_1"))
		},
		method: "DELETE", uri: "/v1/event-subscriptions/evsub_1", status: 202, answer: subAnswer, want: `null`,
	},
	"Enable": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			r, err := c.EventSubscriptions.Enable(ctx, "evsub_1")
			if err != nil {
				return nil, err
			}
			return map[string]any{"id": r.Subscription.ID, "missed": r.Missed, "again": r.Missed.Request()}, nil
		},
		method: "POST", uri: "/v1/event-subscriptions/evsub_1/enable", status: 200,
		answer: `{"data":{"id":"evsub_1"},"missed":{"events":3,"complete":true,"since":"2026-01-01T00:00:00Z","until":"2026-01-02T00:00:00Z","replay":{"method":"POST"}}}`,
		want: `{"again":{"since":"2026-01-01T00:00:00Z","until":"2026-01-02T00:00:00Z","only":["missed"]},"id":"evsub_1",` +
			`"missed":{"events":3,"complete":true,"since":"2026-01-01T00:00:00Z","until":"2026-01-02T00:00:00Z"}}`,
	},
	"Disable": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.EventSubscriptions.Disable(ctx, "evsub_1")
		},
		method: "POST", uri: "/v1/event-subscriptions/evsub_1/disable", status: 200, answer: subAnswer, want: subWant,
	},
}

var subscriptionVerbs = map[string]callTest{
	"RotateSecret": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.EventSubscriptions.RotateSecret(ctx, "evsub_1", client.RotateSecret{Overlap: new(client.Duration(0))})
		},
		method: "POST", uri: "/v1/event-subscriptions/evsub_1/rotate-secret", body: `{"overlap":"0s"}`, keyed: true, status: 200, answer: subAnswer, want: subWant,
	},
	"RotateSecret to one of mine": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.EventSubscriptions.RotateSecret(ctx, "evsub_1", client.RotateSecret{Secret: "whsec_y"})
		},
		method: "POST", uri: "/v1/event-subscriptions/evsub_1/rotate-secret", body: `{"secret":"whsec_y"}`, keyed: true, status: 200, answer: subAnswer, want: subWant,
	},
	"Test": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.EventSubscriptions.Test(ctx, "evsub_1")
		},
		method: "POST", uri: "/v1/event-subscriptions/evsub_1/test", status: 200,
		answer: `{"data":{"success":false,"status":null,"body":"","durationMs":1.5,"deliveryId":"ping_1","reason":"timeout","error":"too slow"}}`,
		want:   `{"success":false,"status":null,"body":"","durationMs":1.5,"deliveryId":"ping_1","reason":"timeout","error":"too slow"}`,
	},
	"Replay": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.EventSubscriptions.Replay(ctx, "evsub_1", client.ReplayRequest{
				Since: day(1), Until: day(2), EventTypes: []string{"a"}, Only: []string{client.OnlyFailed, client.OnlyMissed}, Rate: 2.5,
			})
		},
		method: "POST", uri: "/v1/event-subscriptions/evsub_1/replay", keyed: true,
		body:   `{"since":"2026-01-01T10:30:00Z","until":"2026-01-02T10:30:00Z","eventTypes":["a"],"only":["failed","missed"],"rate":2.5}`,
		status: 202, answer: replayAnswer, want: replayWant,
	},
	"ReplayDryRun": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.EventSubscriptions.ReplayDryRun(ctx, "evsub_1", client.ReplayRequest{Since: day(1)})
		},
		method: "POST", uri: "/v1/event-subscriptions/evsub_1/replay", body: `{"since":"2026-01-01T10:30:00Z","dryRun":true}`, status: 200,
		answer: `{"data":{"events":2,"scanned":9,"complete":true}}`, want: `{"events":2,"scanned":9,"complete":true}`,
	},
	"Replays": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			return c.EventSubscriptions.Replays(ctx, "evsub_1")
		},
		method: "GET", uri: "/v1/event-subscriptions/evsub_1/replays", status: 200, answer: `{"data":[` + replayWant + `]}`, want: `[` + replayWant + `]`,
	},
}

const (
	replayAnswer = `{"data":` + replayWant + `}`
	replayWant   = `{"id":"rp_1","subscriptionId":"evsub_1","tenant":"acme","status":"running","since":null,"until":"2026-01-02T00:00:00Z","eventTypes":["a"],` +
		`"only":["failed"],"rate":2.5,"progress":0.5,"scanned":5,"delivered":2,"total":10,"createdAt":"2026-01-02T00:00:00Z","updatedAt":"2026-01-02T00:00:01Z"}`
)

var replayCalls = map[string]callTest{
	"Get": {
		call:   func(ctx context.Context, c *client.Client) (any, error) { return c.Replays.Get(ctx, "rp_1") },
		method: "GET", uri: "/v1/replays/rp_1", status: 200, answer: replayAnswer, want: replayWant,
	},
	"Cancel": {
		call:   func(ctx context.Context, c *client.Client) (any, error) { return c.Replays.Cancel(ctx, "rp_1") },
		method: "DELETE", uri: "/v1/replays/rp_1", status: 202, answer: replayAnswer, want: replayWant,
	},
}
