package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// WebhookRegistration is the answer to RegisterWebhook.
type WebhookRegistration struct {
	URL string `json:"url"`
	// Secret is told at the first registration only.
	Secret  Secret `json:"secret,omitempty"`
	Enabled bool   `json:"enabled"`
}

// Webhook is the tenant's one webhook, as AI City's clients know it.
type Webhook struct {
	URL          string `json:"url"`
	SecretPrefix string `json:"secretPrefix"` // the first 12 characters
	Enabled      bool   `json:"enabled"`
	FailCount    int    `json:"failCount"`
}

// WebhookTest is the answer to TestWebhook.
type WebhookTest struct {
	Success bool   `json:"success"`
	Status  *int   `json:"status"` // nil where there was no answer
	Body    string `json:"body"`   // the first 500 characters
}

// WebhookDelivery is one of ListWebhookDeliveries.
type WebhookDelivery struct {
	ID             string     `json:"id"`
	EventType      string     `json:"eventType"`
	Status         string     `json:"status"`
	ResponseStatus *int       `json:"responseStatus"`
	Attempts       int        `json:"attempts"`
	LastAttemptAt  *time.Time `json:"lastAttemptAt"`
}

// WebhookDeliveryPage is a page of the webhook's deliveries.
type WebhookDeliveryPage struct {
	Data       []WebhookDelivery `json:"data"`
	Pagination Pagination        `json:"pagination"`
}

// ListWebhookDeliveriesOptions says which page to read.
type ListWebhookDeliveriesOptions struct {
	Status   string // such as DeliveryFailed; "" for all
	Page     int    // from 1
	PageSize int
}

// RegisterWebhook makes url the tenant's webhook. Another one is replaced: it
// keeps its secret, is enabled and starts to count failures anew.
func (c *Client) RegisterWebhook(ctx context.Context, url string) (*WebhookRegistration, error) {
	body := map[string]string{"url": url}
	return fetch[WebhookRegistration](ctx, c.core, call{method: http.MethodPut, path: []string{"webhook"}, body: body, creates: true})
}

// GetWebhook reads the tenant's webhook: nil, and no error, where there is none.
func (c *Client) GetWebhook(ctx context.Context) (*Webhook, error) {
	w, err := fetch[Webhook](ctx, c.core, call{method: http.MethodGet, path: []string{"webhook"}})
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return w, err
}

// RemoveWebhook stops the pushes. The error matches ErrNotFound where there is
// none.
func (c *Client) RemoveWebhook(ctx context.Context) error {
	return c.core.do(ctx, call{method: http.MethodDelete, path: []string{"webhook"}}, nil)
}

// TestWebhook sends a ping to the webhook. A test that the endpoint failed is no
// error.
func (c *Client) TestWebhook(ctx context.Context) (*WebhookTest, error) {
	return fetch[WebhookTest](ctx, c.core, call{method: http.MethodPost, path: []string{"webhook", "test"}, once: true})
}

// ListWebhookDeliveries reads one page of the webhook's deliveries.
func (c *Client) ListWebhookDeliveries(ctx context.Context, in ListWebhookDeliveriesOptions) (*WebhookDeliveryPage, error) {
	q := query{}.text("status", in.Status).number("page", in.Page).number("pageSize", in.PageSize)
	return fetch[WebhookDeliveryPage](ctx, c.core, call{method: http.MethodGet, path: []string{"webhook", "deliveries"}, query: url.Values(q)})
}
