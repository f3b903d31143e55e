package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// EventType is an entry of the catalogue.
type EventType struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// Example is data as it may look.
	Example json.RawMessage `json:"example,omitempty"`
	// Schema is a JSON Schema of data.
	Schema     json.RawMessage `json:"schema,omitempty"`
	Deprecated bool            `json:"deprecated,omitempty"`
	// Sunset is the day, such as 2026-06-30, after which it should not be
	// published; "" for none.
	Sunset string `json:"sunset,omitempty"`
	// Source is who defined it: builtin, server or tenant. It is not sent.
	Source string `json:"source,omitempty"`
}

// EventTypesService reads and writes the catalogue of event types.
type EventTypesService struct {
	core   *core
	server bool
}

// Server returns the group that writes the types of all tenants, which takes an
// operator's key.
func (s *EventTypesService) Server() *EventTypesService {
	return &EventTypesService{core: s.core, server: true}
}

// List reads all types that the tenant may publish.
func (s *EventTypesService) List(ctx context.Context) ([]EventType, error) {
	return fetchList[EventType](ctx, s.core, s.on(http.MethodGet))
}

// Get reads one.
func (s *EventTypesService) Get(ctx context.Context, name string) (*EventType, error) {
	return fetchData[EventType](ctx, s.core, s.on(http.MethodGet, name))
}

// Put writes one; t.Name says which.
func (s *EventTypesService) Put(ctx context.Context, t EventType) (*EventType, error) {
	k := s.on(http.MethodPut, t.Name)
	t.Source = ""
	k.body = t
	return fetchData[EventType](ctx, s.core, k)
}

// PutAll replaces all types that the tenant, or with Server the server, has
// defined.
func (s *EventTypesService) PutAll(ctx context.Context, types []EventType) ([]EventType, error) {
	plain := make([]EventType, len(types))
	for i, t := range types {
		t.Source = ""
		plain[i] = t
	}
	k := s.on(http.MethodPut)
	k.body = map[string]any{"eventTypes": plain}
	return fetchList[EventType](ctx, s.core, k)
}

// Delete removes one.
func (s *EventTypesService) Delete(ctx context.Context, name string) error {
	return s.core.do(ctx, s.on(http.MethodDelete, name), nil)
}

func (s *EventTypesService) on(method string, name ...string) call {
	k := call{method: method, path: append([]string{"event-types"}, name...)}
	if s.server {
		k.query = url.Values{"scope": {"server"}}
	}
	return k
}

// Dialect is how deliveries may look and fail.
type Dialect struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	// Default is that of tenants that have set none.
	Default bool `json:"default"`
}

// DialectsService reads the server's dialects.
type DialectsService struct{ core *core }

// List reads all.
func (s *DialectsService) List(ctx context.Context) ([]Dialect, error) {
	return fetchList[Dialect](ctx, s.core, call{method: http.MethodGet, path: []string{"dialects"}})
}
