package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
)

const subscriptionsPath = "event-subscriptions"

// EventSubscriptionsService creates, reads and changes subscriptions.
type EventSubscriptionsService struct{ core *core }

// Create subscribes. The answer holds the secret if the server made it; it is
// not told again.
func (s *EventSubscriptionsService) Create(ctx context.Context, in CreateEventSubscription) (*EventSubscription, error) {
	return fetchData[EventSubscription](ctx, s.core, call{method: http.MethodPost, path: []string{subscriptionsPath}, body: in, creates: true})
}

// ListEventSubscriptions says which page of the list to read.
type ListEventSubscriptions struct {
	Limit  int    // 0 for the server's
	Cursor string // NextCursor of the page before
}

// EventSubscriptionPage is a page of the list, in the order of their ids.
type EventSubscriptionPage struct {
	Data       []EventSubscription `json:"data"`
	NextCursor string              `json:"nextCursor,omitempty"` // "" on the last page
}

// List reads one page. Disabled subscriptions are in it too.
func (s *EventSubscriptionsService) List(ctx context.Context, in ListEventSubscriptions) (*EventSubscriptionPage, error) {
	q := query{}.number("limit", in.Limit).text("cursor", in.Cursor)
	return fetch[EventSubscriptionPage](ctx, s.core, call{method: http.MethodGet, path: []string{subscriptionsPath}, query: url.Values(q)})
}

// All reads page after page from in.Cursor on. An error ends it.
func (s *EventSubscriptionsService) All(ctx context.Context, in ListEventSubscriptions) iter.Seq2[EventSubscription, error] {
	return pages(in.Cursor, func(cursor string) ([]EventSubscription, string, error) {
		page, err := s.List(ctx, ListEventSubscriptions{Limit: in.Limit, Cursor: cursor})
		if err != nil {
			return nil, "", err
		}
		return page.Data, page.NextCursor, nil
	})
}

// Get reads one.
func (s *EventSubscriptionsService) Get(ctx context.Context, id string) (*EventSubscription, error) {
	return fetchData[EventSubscription](ctx, s.core, s.on(http.MethodGet, id))
}

// Update changes what in says.
func (s *EventSubscriptionsService) Update(ctx context.Context, id string, in UpdateEventSubscription) (*EventSubscription, error) {
	k := s.on(http.MethodPatch, id)
	k.body = in
	return fetchData[EventSubscription](ctx, s.core, k)
}

// Delete removes the subscription for good.
func (s *EventSubscriptionsService) Delete(ctx context.Context, id string) error {
	return s.core.do(ctx, s.on(http.MethodDelete, id), nil)
}

// Enable delivers again and forgets the failures. The answer says what was
// missed.
func (s *EventSubscriptionsService) Enable(ctx context.Context, id string) (*Enabled, error) {
	return fetch[Enabled](ctx, s.core, s.on(http.MethodPost, id, "enable"))
}

// Disable delivers nothing until Enable.
func (s *EventSubscriptionsService) Disable(ctx context.Context, id string) (*EventSubscription, error) {
	return fetchData[EventSubscription](ctx, s.core, s.on(http.MethodPost, id, "disable"))
}

// Replays lists the subscription's replays.
func (s *EventSubscriptionsService) Replays(ctx context.Context, id string) ([]Replay, error) {
	return fetchList[Replay](ctx, s.core, s.on(http.MethodGet, id, "replays"))
}

// on is a call on one subscription.
func (*EventSubscriptionsService) on(method, id string, verb ...string) call {
	return call{method: method, path: append([]string{subscriptionsPath, id}, verb...)}
}
