package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// NeiracoreWebhook is a subscription as Neiracore's clients know it.
type NeiracoreWebhook struct {
	ID        string    `json:"id"`
	AgentAID  string    `json:"agentAid"`
	URL       string    `json:"url"`
	Events    []string  `json:"events"`
	Status    string    `json:"status"` // active or paused
	CreatedAt time.Time `json:"createdAt"`
	// Secret is in the answer to Create if the server made it.
	Secret Secret `json:"secret,omitempty"`
}

// CreateNeiracoreWebhook asks for a webhook. The agent is the tenant.
type CreateNeiracoreWebhook struct {
	AgentAID string   `json:"agentAid"`
	URL      string   `json:"url"`
	Events   []string `json:"events"`
	Secret   Secret   `json:"secret,omitempty"`
}

// WebhooksService is Neiracore's view of subscriptions.
type WebhooksService struct{ core *core }

// Create subscribes.
func (s *WebhooksService) Create(ctx context.Context, in CreateNeiracoreWebhook) (*NeiracoreWebhook, error) {
	return fetch[NeiracoreWebhook](ctx, s.core, call{method: http.MethodPost, path: []string{"webhooks"}, body: in, creates: true})
}

// List reads the webhooks of an agent; "" for the key's own.
func (s *WebhooksService) List(ctx context.Context, agentAID string) ([]NeiracoreWebhook, error) {
	q := query{}.text("agentAid", agentAID)
	return fetchList[NeiracoreWebhook](ctx, s.core, call{method: http.MethodGet, path: []string{"webhooks"}, query: url.Values(q)})
}

// Get reads one.
func (s *WebhooksService) Get(ctx context.Context, id string) (*NeiracoreWebhook, error) {
	return fetch[NeiracoreWebhook](ctx, s.core, call{method: http.MethodGet, path: []string{"webhooks", id}})
}

// Delete removes one.
func (s *WebhooksService) Delete(ctx context.Context, id string) error {
	return s.core.do(ctx, call{method: http.MethodDelete, path: []string{"webhooks", id}}, nil)
}
