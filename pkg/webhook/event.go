package webhook

import (
	"encoding/json"
	"net/http"
	"time"
)

// Event is what a delivery tells (spec section "Payload structure", and an
// id). The body of Standard Webhooks can be decoded into it as it is; the
// other schemes have other names for the same.
type Event struct {
	// ID is the event's own. All deliveries of one event share it. AICity and
	// GitHub have none, and senders other than Posthaste may leave it out.
	ID string `json:"id"`
	// Type is a name with dots, such as "task.claimed". It tells the shape of
	// Data.
	Type string `json:"type"`
	// Timestamp is when the event happened, not when it was sent. GitHub does
	// not tell.
	Timestamp time.Time `json:"timestamp"`
	// Data is one JSON value, as the producer wrote it.
	Data json.RawMessage `json:"data"`
}

// Delivery is one verified attempt to tell an event. What comes from a header
// is as good as the sender, or who repeats one of its deliveries, likes; the
// signature covers the body, and whatever else Scheme.Content names.
type Delivery struct {
	// ID is the same on every attempt, different for another subscription.
	// Drop a repeat by it. AgentRail's is another one on each attempt: use
	// Event.ID. Where a scheme has no ids for deliveries it is the event's.
	ID string
	// Attempted is when this attempt was made, to the second, or zero where
	// the scheme signs no time.
	Attempted time.Time
	// Attempt is the attempt's number, from 1, or 0 if it was not told.
	Attempt int
	// SubscriptionID is whose delivery it is, or "" if it was not told.
	SubscriptionID string
	// Event is what happened.
	Event Event
}

// Parse verifies an attempt and decodes what the scheme says it holds. It
// returns the errors of Verify, or one that matches ErrBadEvent: if the body
// is not JSON of the right form, with text for ids and type, a type, and a
// time if any; if a header names another id or type than the body; or if an
// attempt's number is none. The member names of the body are compared exactly.
func (v *Verifier) Parse(header http.Header, body []byte) (Delivery, error) {
	at, err := v.verify(header, body)
	if err != nil {
		return Delivery{}, err
	}
	d, err := v.scheme.read(header, body)
	if err != nil {
		return Delivery{}, err
	}
	d.Attempted = at
	return d, nil
}
