package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Status of a delivery.
const (
	DeliveryWaiting   = "waiting"
	DeliveryDelivered = "delivered"
	DeliveryFailed    = "failed"
	DeliveryCancelled = "cancelled"
)

// Delivery is one event for one subscription.
type Delivery struct {
	ID             string     `json:"id"`
	SubscriptionID string     `json:"subscriptionId"`
	Tenant         string     `json:"tenant"`
	EventID        string     `json:"eventId"`
	EventType      string     `json:"eventType"`
	Status         string     `json:"status"` // DeliveryWaiting and those beside it
	Attempts       int        `json:"attempts"`
	ResponseStatus *int       `json:"responseStatus"` // of the last attempt; nil without an answer
	Reason         string     `json:"reason"`
	Error          string     `json:"error,omitempty"`
	URL            string     `json:"url,omitempty"`
	CreatedAt      time.Time  `json:"createdAt"`
	FirstAttemptAt *time.Time `json:"firstAttemptAt"`
	LastAttemptAt  *time.Time `json:"lastAttemptAt"`
	NextAttemptAt  *time.Time `json:"nextAttemptAt,omitempty"`
	FinishedAt     *time.Time `json:"finishedAt,omitempty"`
	DurationMs     float64    `json:"durationMs"` // of the last attempt
	Test           bool       `json:"test"`
	// AttemptLog is in the answer of Get alone.
	AttemptLog []Attempt `json:"attemptLog,omitempty"`
}

// Attempt is one POST of a delivery.
type Attempt struct {
	// Round is that of a redelivery or a replay, else "".
	Round string `json:"round,omitempty"`
	// Number is counted from 1, in each round anew.
	Number int `json:"number"`
	// Posted is false where there was no POST: it only tells how the delivery
	// ended.
	Posted         bool      `json:"posted"`
	StartedAt      time.Time `json:"startedAt"`
	DurationMs     float64   `json:"durationMs"`
	ResponseStatus *int      `json:"responseStatus"` // nil without an answer
	Reason         string    `json:"reason"`
	Error          string    `json:"error,omitempty"`
	// Outcome is DeliveryDelivered, DeliveryFailed or DeliveryCancelled, and ""
	// where another attempt follows.
	Outcome string `json:"outcome,omitempty"`
	URL     string `json:"url,omitempty"`
	// RequestHeaders are what was sent, without the secrets among them.
	RequestHeaders map[string]string `json:"requestHeaders,omitempty"`
	// Answer is the beginning of the endpoint's.
	Answer        string     `json:"answer,omitempty"`
	NextAttemptAt *time.Time `json:"nextAttemptAt,omitempty"`
}

// ListDeliveries says which deliveries to read; what is zero does not narrow.
type ListDeliveries struct {
	Status       string // DeliveryWaiting and those beside it
	Subscription string
	EventType    string
	EventID      string
	Since, Until time.Time
	Page         int // from 1
	PageSize     int
	Cursor       string // NextCursor of the page before; instead of Page
	Tests        bool   // those of test events too
}

// DeliveryPage is a page of deliveries, the newest first.
type DeliveryPage struct {
	Data       []Delivery `json:"data"`
	Pagination Pagination `json:"pagination"`
	NextCursor string     `json:"nextCursor,omitempty"`
}

// DeliveriesService reads deliveries and makes them again.
type DeliveriesService struct{ core *core }

// List reads one page.
func (s *DeliveriesService) List(ctx context.Context, in ListDeliveries) (*DeliveryPage, error) {
	q := query{}.text("status", in.Status).text("subscription", in.Subscription).text("eventType", in.EventType).
		text("eventId", in.EventID).time("since", in.Since).time("until", in.Until).
		number("page", in.Page).number("pageSize", in.PageSize).text("cursor", in.Cursor).truth("tests", in.Tests)
	return fetch[DeliveryPage](ctx, s.core, call{method: http.MethodGet, path: []string{"deliveries"}, query: url.Values(q)})
}

// All reads page after page from in.Cursor on. An error ends it.
func (s *DeliveriesService) All(ctx context.Context, in ListDeliveries) iter.Seq2[Delivery, error] {
	return pages(in.Cursor, func(cursor string) ([]Delivery, string, error) {
		if in.Cursor = cursor; cursor != "" {
			in.Page = 0
		}
		page, err := s.List(ctx, in)
		if err != nil {
			return nil, "", err
		}
		return page.Data, page.NextCursor, nil
	})
}

// Get reads one, with its attempts.
func (s *DeliveriesService) Get(ctx context.Context, id string) (*Delivery, error) {
	return fetchData[Delivery](ctx, s.core, call{method: http.MethodGet, path: []string{"deliveries", id}})
}

// Redelivery is a further round of a delivery.
type Redelivery struct {
	DeliveryID string `json:"deliveryId"`
	Round      string `json:"round"`
}

// Redeliver makes the delivery once more, whatever came of it. The error matches
// ErrConflict where the subscription is disabled or gone, and ErrEventExpired
// where the event is not kept any more.
func (s *DeliveriesService) Redeliver(ctx context.Context, id string) (*Redelivery, error) {
	return fetchData[Redelivery](ctx, s.core, call{method: http.MethodPost, path: []string{"deliveries", id, "redeliver"}, creates: true})
}
