package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// ErrBadEvent is in the errors of Parse about a body that was signed rightly
// but is not an event.
var ErrBadEvent = errors.New("webhook: body is not an event")

// Event is the body of a delivery (spec section "Payload structure", and an
// id). It can be decoded from JSON as it is.
type Event struct {
	// ID is the event's own. All deliveries of one event share it. Senders
	// other than Posthaste may leave it out.
	ID string `json:"id"`
	// Type is a name with dots, such as "task.claimed". It tells the shape of
	// Data.
	Type string `json:"type"`
	// Timestamp is when the event happened, not when it was sent.
	Timestamp time.Time `json:"timestamp"`
	// Data is one JSON value, as the producer wrote it.
	Data json.RawMessage `json:"data"`
}

// Delivery is one verified attempt to tell an event.
type Delivery struct {
	// ID is the webhook-id: the same on every attempt, different for another
	// subscription. Drop a repeat by it.
	ID string
	// Attempted is when this attempt was made, to the second.
	Attempted time.Time
	// Event is what happened.
	Event Event
}

// Parse verifies an attempt and decodes its body. It returns the errors of
// Verify, or one that matches ErrBadEvent if the body is not a JSON object
// with a type, an RFC 3339 timestamp if any, and text for an id if any.
func (v *Verifier) Parse(header http.Header, body []byte) (Delivery, error) {
	id, at, err := v.verify(header, body)
	if err != nil {
		return Delivery{}, err
	}
	d := Delivery{ID: id, Attempted: at}
	if err := json.Unmarshal(body, &d.Event); err != nil {
		return Delivery{}, badEvent(err)
	}
	if d.Event.Type == "" {
		return Delivery{}, fmt.Errorf("%w: it has no type", ErrBadEvent)
	}
	return d, nil
}

// badEvent says where decoding failed without quoting the body, which may be
// private and would end in a log.
func badEvent(err error) error {
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) && wrong.Field != "" {
		return fmt.Errorf("%w: %s is no %s", ErrBadEvent, wrong.Field, wrong.Type)
	}
	if wrong := (*json.SyntaxError)(nil); errors.As(err, &wrong) {
		return fmt.Errorf("%w: JSON syntax error at byte %d", ErrBadEvent, wrong.Offset)
	}
	if wrong := (*time.ParseError)(nil); errors.As(err, &wrong) {
		return fmt.Errorf("%w: timestamp is not RFC 3339", ErrBadEvent)
	}
	return fmt.Errorf("%w: not a JSON object", ErrBadEvent)
}
