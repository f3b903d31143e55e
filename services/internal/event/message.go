package event

import (
	"errors"
	"mime"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
)

// ContentTypeProtobuf marks a message that holds a protobuf Event.
const ContentTypeProtobuf = "application/protobuf"

// Message is a message of the EVENTS stream.
type Message struct {
	Subject  string
	Header   nats.Header
	Data     []byte
	Stored   time.Time // when the stream took it
	Sequence uint64    // its place in the stream
}

// ReadMessage reads an event in any form that a producer may publish: the
// protobuf Event, the API's JSON, CloudEvents structured or binary (NATS
// protocol binding). Tenant and type are the subject's; where the event names
// them too they must agree. Reading a message again gives the same event, id
// included. Errors are *FieldError, *SizeError and ErrMediaType.
func ReadMessage(m Message, limits Limits) (*posthastev1.Event, error) {
	tenant, eventType, ok := bus.SplitEventSubject(m.Subject)
	if !ok {
		return nil, fault("", "the subject must be events.<tenant>.<type>")
	}
	e, err := decode(m, limits)
	if err != nil {
		return nil, err
	}
	if e.Tenant != "" && e.Tenant != tenant {
		return nil, fault("tenant", "differs from the subject's, %.64q", tenant)
	}
	if e.Type != "" && e.Type != eventType {
		return nil, fault("type", "differs from the subject's, %.128q", eventType)
	}
	e.Tenant, e.Type = tenant, eventType
	if err := Complete(e, m.Stored, func() string { return idOf(m) }); err != nil {
		return nil, err
	}
	return e, nil
}

// decode picks the form by Content-Type, then by CloudEvents' own headers,
// then by what the bytes look like.
func decode(m Message, limits Limits) (*posthastev1.Event, error) {
	contentType := header(m.Header, bus.HeaderContentType)
	media, _, err := mime.ParseMediaType(contentType)
	structured := err == nil && strings.HasPrefix(media, "application/cloudevents")
	if attributes := cloudEventHeaders(m.Header); attributes != nil && !structured {
		return ReadCloudEventBinary(attributes, contentType, m.Data, limits)
	}
	if contentType != "" && err != nil {
		return nil, mediaType{contentType}
	}
	return decodeAs(media, m.Data, limits)
}

func decodeAs(media string, data []byte, limits Limits) (*posthastev1.Event, error) {
	switch media {
	case ContentTypeProtobuf, "application/x-protobuf":
		return readProtobuf(data, limits)
	case ContentTypeCloudEvent, "application/cloudevents": // the NATS binding knows the short form
		return only(ReadCloudEvent(data, limits))
	case "application/json":
		return readJSON(data, limits)
	case "":
		return guess(data, limits)
	default:
		return nil, mediaType{media}
	}
}

func only(events []*posthastev1.Event, err error) (*posthastev1.Event, error) {
	if err != nil {
		return nil, err
	}
	return events[0], nil
}

// RejectReason is the short name of an error of this package, for counters.
func RejectReason(err error) string {
	var size *SizeError
	switch {
	case errors.As(err, &size):
		return "too_large"
	case errors.Is(err, ErrMediaType):
		return "media_type"
	default:
		return "invalid"
	}
}
