package client

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Event is something that happened.
type Event struct {
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	// Data is one JSON value.
	Data   json.RawMessage `json:"data"`
	Tenant string          `json:"tenant"`
	Source string          `json:"source,omitempty"`
	// Sequence is its place among all events of the server; it rises.
	Sequence uint64 `json:"sequence"`
	// Cursor of an event that was streamed: where to go on after it.
	Cursor string `json:"-"`
}

// NewEvent is an event to publish. Type is required.
type NewEvent struct {
	// ID makes sending idempotent. One is made if it is empty.
	ID   string `json:"id"`
	Type string `json:"type"`
	// Timestamp is when it happened; the server's present if zero.
	Timestamp time.Time `json:"timestamp,omitzero"`
	// Data is anything that encoding/json writes; a json.RawMessage stays as it
	// is but for white space. nil is null.
	Data any `json:"data"`
	// Tenant is whose it is; only an operator's key may name another than
	// its own.
	Tenant string `json:"tenant,omitempty"`
	Source string `json:"source,omitempty"`
}

// SentEvent says that an event is stored.
type SentEvent struct {
	ID string `json:"id"`
	// Duplicate says that it was stored before and that nothing was added.
	Duplicate bool `json:"duplicate"`
}

// Warning is about an event that was taken all the same, such as one of a
// deprecated type.
type Warning struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Message string `json:"message"`
}

// SendResult is the answer to a batch, in its order.
type SendResult struct {
	Data     []SentEvent `json:"data"`
	Warnings []Warning   `json:"warnings,omitempty"`
}

// EventsService publishes and reads events.
type EventsService struct{ core *core }

// Send publishes one event and returns when it is stored.
func (s *EventsService) Send(ctx context.Context, e NewEvent) (*SentEvent, []Warning, error) {
	result, err := s.SendBatch(ctx, []NewEvent{e})
	if err != nil {
		return nil, nil, err
	}
	return &result.Data[0], result.Warnings, nil
}

// SendBatch publishes events and returns when all are stored. The server checks
// all of them before it stores any.
func (s *EventsService) SendBatch(ctx context.Context, events []NewEvent) (*SendResult, error) {
	if len(events) == 0 {
		return &SendResult{}, nil
	}
	// An id that is made here is the same when a lost answer is asked for again.
	events = slices.Clone(events)
	for i := range events {
		if events[i].ID == "" {
			events[i].ID = "evt_" + rand.Text()
		}
		if events[i].Tenant == "" {
			events[i].Tenant = s.core.tenant
		}
	}
	k := call{method: http.MethodPost, path: []string{"events"}, body: events, creates: true}
	if len(events) == 1 {
		k.body = events[0]
	}
	result, err := fetch[SendResult](ctx, s.core, k)
	if err != nil {
		return nil, err
	}
	if len(result.Data) != len(events) {
		return nil, errors.New("POST /v1/events: the answer has not as many events as were sent")
	}
	return result, nil
}

// ListEvents says which events to read.
type ListEvents struct {
	// After is a NextCursor; "" for the oldest that is kept.
	After string
	// Limit is from 1 to 1,000; 0 for 100.
	Limit int
	// Types are exact or prefixes ("task.*"); none for all.
	Types []string
}

// EventPage is a page of events, the oldest first.
type EventPage struct {
	Data []Event `json:"data"`
	// NextCursor is where to go on, also when there is no more yet.
	NextCursor string `json:"nextCursor"`
	HasMore    bool   `json:"hasMore"`
}

// List reads one page. The error matches ErrCursorExpired where the events after
// the cursor are not kept any more.
func (s *EventsService) List(ctx context.Context, in ListEvents) (*EventPage, error) {
	q := query{}.text("after", in.After).number("limit", in.Limit).list("types", in.Types)
	return fetch[EventPage](ctx, s.core, call{method: http.MethodGet, path: []string{"events"}, query: url.Values(q)})
}

// All reads page after page until there is no more. An error ends it.
func (s *EventsService) All(ctx context.Context, in ListEvents) iter.Seq2[Event, error] {
	return pages(in.After, func(cursor string) ([]Event, string, error) {
		in.After = cursor
		page, err := s.List(ctx, in)
		switch {
		case err != nil:
			return nil, "", err
		case !page.HasMore:
			return page.Data, "", nil
		}
		return page.Data, page.NextCursor, nil
	})
}
