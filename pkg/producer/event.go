package producer

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/posthaste/posthaste/pkg/eventid"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// DefaultTenant owns the events that name no tenant.
const DefaultTenant = "default"

// ErrInvalid is in the errors about an event that breaks a rule. Their texts
// begin with the field. Nothing was sent.
var ErrInvalid = errors.New("invalid event")

// Event is something that happened. Type and Data are required; the rest has
// defaults.
type Event struct {
	// ID is unique per tenant and source: 1 to 256 bytes of printable ASCII
	// without spaces. If empty, one is made with eventid.New.
	ID string
	// Tenant owns the event: 1 to 64 bytes of A-Z a-z 0-9 _ -. If empty, it is
	// DefaultTenant.
	Tenant string
	// Type is a name with dots, such as "task.claimed": at most 128 bytes in
	// all, of tokens of A-Z a-z 0-9 _ : / -.
	Type string
	// Time is when it happened. If zero, it is the time of publishing.
	Time time.Time
	// Data is one JSON value. It is delivered byte for byte.
	Data json.RawMessage
	// Source is the CloudEvents source, at most 512 bytes, or empty.
	Source string
	// Attributes are CloudEvents attributes with no field here.
	Attributes map[string]string
}

// NewEvent returns an event of the type with data encoded as JSON. It fails if
// data cannot be encoded.
func NewEvent(typ string, data any) (Event, error) {
	encoded, err := json.Marshal(data)
	if err != nil {
		return Event{}, fmt.Errorf("encode data of event %s: %w", typ, err)
	}
	return Event{Type: typ, Data: encoded}, nil
}

// fill sets what was left out.
func (e *Event) fill(now func() time.Time) {
	if e.ID == "" {
		e.ID = eventid.New()
	}
	if e.Tenant == "" {
		e.Tenant = DefaultTenant
	}
	if e.Time.IsZero() {
		e.Time = now()
	}
}

// check expects an event that was filled. Its errors match ErrInvalid.
func (e *Event) check() error {
	for _, err := range [...]error{
		eventid.CheckID(e.ID), eventid.CheckTenant(e.Tenant), eventid.CheckType(e.Type), eventid.CheckSource(e.Source),
		eventid.CheckAttributes(e.Attributes),
	} {
		if err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	if err := timestamppb.New(e.Time).CheckValid(); err != nil {
		return fmt.Errorf("%w: time: %w", ErrInvalid, err)
	}
	// JSON text is UTF-8 (RFC 8259, section 8.1), which Valid does not ask for.
	if !json.Valid(e.Data) || !utf8.Valid(e.Data) {
		return fmt.Errorf("%w: data: %d bytes that are not one JSON value in UTF-8", ErrInvalid, len(e.Data))
	}
	return nil
}

func (e *Event) marshal() ([]byte, error) {
	return proto.Marshal(&posthastev1.Event{
		Id:         e.ID,
		Tenant:     e.Tenant,
		Type:       e.Type,
		Time:       timestamppb.New(e.Time),
		Data:       e.Data,
		Source:     e.Source,
		Attributes: e.Attributes,
	})
}
