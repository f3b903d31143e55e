package client

import (
	"fmt"
	"io"
	"log/slog"
)

// Client is a connection to one server with one key. It is safe for concurrent
// use and holds nothing that must be closed.
type Client struct {
	EventSubscriptions *EventSubscriptionsService
	Deliveries         *DeliveriesService
	Endpoints          *EndpointsService
	Events             *EventsService
	Replays            *ReplaysService
	EventTypes         *EventTypesService
	Tenants            *TenantsService
	APIKeys            *APIKeysService
	Dialects           *DialectsService
	Audit              *AuditService
	// Webhooks is Neiracore's view of subscriptions.
	Webhooks *WebhooksService

	core *core
}

// New makes a client. baseURL is the server's, such as
// https://posthaste.example.com, with or without the /v1 at its end. Nothing is
// sent yet. It fails where the URL, the key or an option cannot work.
func New(baseURL, apiKey string, opts ...Option) (*Client, error) {
	base, err := parseBase(baseURL)
	if err != nil {
		return nil, err
	}
	authorize, err := bearer(apiKey)
	if err != nil {
		return nil, err
	}
	c := &core{base: base, authorize: authorize, http: newHTTPClient(), userAgent: defaultUserAgent, maxElapsed: DefaultMaxElapsed}
	for _, opt := range opts {
		if err := opt(c); err != nil {
			return nil, err
		}
	}
	return newClient(c), nil
}

func newClient(c *core) *Client {
	return &Client{
		EventSubscriptions: &EventSubscriptionsService{c},
		Deliveries:         &DeliveriesService{c},
		Endpoints:          &EndpointsService{c},
		Events:             &EventsService{c},
		Replays:            &ReplaysService{c},
		EventTypes:         &EventTypesService{core: c},
		Tenants:            &TenantsService{c},
		APIKeys:            &APIKeysService{c},
		Dialects:           &DialectsService{c},
		Audit:              &AuditService{c},
		Webhooks:           &WebhooksService{c},
		core:               c,
	}
}

// ForTenant returns a client that acts for another tenant with the same key,
// which must be an operator's.
func (c *Client) ForTenant(tenant string) *Client {
	other := *c.core
	other.tenant = tenant
	return newClient(&other)
}

// String tells the server and hides the key.
func (c *Client) String() string { return "client for " + c.core.base.String() }

// Format prints String for every verb, so that none shows the key.
func (c *Client) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, c.String()) }

// LogValue logs String.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.String()) }
