package client_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/pkg/client"
)

const (
	apiKeyWant = `{"id":"phk_1","name":"billing","description":"d","tenant":"acme","scopes":["events:write","admin"],"rateLimit":{"requestsPerSecond":2.5,"burst":5},` +
		`"createdAt":"2026-01-02T00:00:00Z","createdBy":"phk_0","expiresAt":"2026-01-02T00:00:00Z","lastUsedAt":"2026-01-02T00:00:00Z"}`
	apiKeyMade = `{"id":"phk_1","key":"phk_1_hush","name":"ops","operator":true,"scopes":["admin"],"createdAt":"2026-01-02T00:00:00Z"}`
)

var apiKeyCalls = map[string]callTest{
	"Create": {
		call: func(ctx context.Context, c *client.Client) (any, error) {
			at := day(1)
			return c.APIKeys.Create(ctx, client.CreateAPIKey{
				Name: "ops", Description: "d", Scopes: []string{client.ScopeAdmin}, Operator: true, ExpiresAt: &at, RateLimit: &client.RateLimit{RequestsPerSecond: 2},
			})
		},
		method: "POST", uri: "/v1/api-keys", keyed: true, status: 201,
		body:   `{"name":"ops","description":"d","scopes":["admin"],"operator":true,"expiresAt":"2026-01-01T10:30:00Z","rateLimit":{"requestsPerSecond":2}}`,
		answer: `{"data":` + apiKeyMade + `}`, want: apiKeyMade,
	},
	"List": {
		call:   func(ctx context.Context, c *client.Client) (any, error) { return c.APIKeys.List(ctx) },
		method: "GET", uri: "/v1/api-keys", status: 200, answer: `{"data":[` + apiKeyWant + `]}`, want: `[` + apiKeyWant + `]`,
	},
	"ListOperators": {
		call:   func(ctx context.Context, c *client.Client) (any, error) { return c.APIKeys.ListOperators(ctx) },
		method: "GET", uri: "/v1/api-keys?operator=true", status: 200, answer: `{"data":[]}`, want: `[]`,
	},
	"Get": {
		call:   func(ctx context.Context, c *client.Client) (any, error) { return c.APIKeys.Get(ctx, "phk_1") },
		method: "GET", uri: "/v1/api-keys/phk_1", status: 200, answer: `{"data":` + apiKeyWant + `}`, want: apiKeyWant,
	},
	"Revoke": {
		call:   func(ctx context.Context, c *client.Client) (any, error) { return c.APIKeys.Revoke(ctx, "phk_1") },
		method: "DELETE", uri: "/v1/api-keys/phk_1", status: 200, answer: `{"data":` + apiKeyWant + `}`, want: apiKeyWant,
	},
}

func TestAPIKeyHidesItself(t *testing.T) {
	t.Parallel()
	c := serve(t, answer(http.StatusCreated, `{"data":`+apiKeyMade+`}`))
	made, err := c.APIKeys.Create(t.Context(), client.CreateAPIKey{Name: "ops", Scopes: []string{client.ScopeAdmin}})
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%v %+v %#v", *made, *made, *made); strings.Contains(text, "hush") || made.Key.Reveal() != "phk_1_hush" {
		t.Errorf("%s", text)
	}
}
