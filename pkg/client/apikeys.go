package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// What a key may do. None implies another.
const (
	ScopeEventsWrite   = "events:write"   // publish events
	ScopeEventsRead    = "events:read"    // read and stream events and their types
	ScopeWebhooksRead  = "webhooks:read"  // read subscriptions, deliveries and replays
	ScopeWebhooksWrite = "webhooks:write" // change subscriptions, deliver once more
	ScopeAdmin         = "admin"          // manage API keys, tenants and event types
)

// APIKey is what is known of a key.
type APIKey struct {
	ID string `json:"id"` // how the key begins
	// Key is the key itself, in the answer of Create only.
	Key         Secret   `json:"key,omitempty"`
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Tenant      string   `json:"tenant,omitempty"` // "" for an operator's
	Operator    bool     `json:"operator,omitempty"`
	Scopes      []string `json:"scopes"` // ScopeEventsWrite and those beside it
	// RateLimit is nil for the server's.
	RateLimit  *RateLimit `json:"rateLimit,omitempty"`
	CreatedAt  time.Time  `json:"createdAt"`
	CreatedBy  string     `json:"createdBy,omitempty"` // id of a key; "" for the bootstrap key
	ExpiresAt  *time.Time `json:"expiresAt,omitempty"`
	LastUsedAt *time.Time `json:"lastUsedAt,omitempty"` // to the minute
}

// RateLimit bounds the requests of a key to each process of the server.
type RateLimit struct {
	RequestsPerSecond float64 `json:"requestsPerSecond"` // 0 for no limit
	Burst             int     `json:"burst,omitempty"`   // at once; 0 for those of two seconds
}

// CreateAPIKey is what Create asks for. No key can give what it lacks.
type CreateAPIKey struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Scopes      []string `json:"scopes"`
	// Operator makes one that may name any tenant. Only an operator's key may ask
	// for it, by a client that names no tenant.
	Operator  bool       `json:"operator,omitempty"`
	ExpiresAt *time.Time `json:"expiresAt,omitempty"` // nil: never
	// RateLimit is for operators; nil: as that of the key which asks.
	RateLimit *RateLimit `json:"rateLimit,omitempty"`
}

// APIKeysService makes, reads and revokes the keys of the client's tenant, which
// takes a key with ScopeAdmin.
type APIKeysService struct{ core *core }

// Create makes a key; Key of the answer is shown this once. Where the answer is
// lost the error is ErrConflict: a key was made that nobody knows, and List shows
// it.
func (s *APIKeysService) Create(ctx context.Context, in CreateAPIKey) (*APIKey, error) {
	return fetchData[APIKey](ctx, s.core, call{method: http.MethodPost, path: []string{"api-keys"}, body: in, creates: true})
}

// List reads all of a tenant, oldest first.
func (s *APIKeysService) List(ctx context.Context) ([]APIKey, error) {
	return fetchList[APIKey](ctx, s.core, call{method: http.MethodGet, path: []string{"api-keys"}})
}

// ListOperators reads those of operators, which takes an operator's key.
func (s *APIKeysService) ListOperators(ctx context.Context) ([]APIKey, error) {
	return fetchList[APIKey](ctx, s.core, call{method: http.MethodGet, path: []string{"api-keys"}, query: url.Values{"operator": {"true"}}})
}

// Get reads one.
func (s *APIKeysService) Get(ctx context.Context, id string) (*APIKey, error) {
	return fetchData[APIKey](ctx, s.core, call{method: http.MethodGet, path: []string{"api-keys", id}})
}

// Revoke ends a key for good, within a second everywhere.
func (s *APIKeysService) Revoke(ctx context.Context, id string) (*APIKey, error) {
	return fetchData[APIKey](ctx, s.core, call{method: http.MethodDelete, path: []string{"api-keys", id}})
}
