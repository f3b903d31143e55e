package event

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/oklog/ulid/v2"
	"google.golang.org/protobuf/proto"

	"github.com/posthaste/posthaste/pkg/eventid"
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
// included.
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
	return e, Complete(e, m.Stored, func() string { return idOf(m) })
}

// decode picks the form by Content-Type, then by CloudEvents' own header, then
// by what the bytes look like.
func decode(m Message, limits Limits) (*posthastev1.Event, error) {
	contentType := header(m.Header, bus.HeaderContentType)
	if attributes := cloudEventHeaders(m.Header); attributes != nil && !strings.HasPrefix(contentType, "application/cloudevents") {
		return ReadCloudEventBinary(attributes, contentType, m.Data, limits)
	}
	media, _, err := mime.ParseMediaType(contentType)
	if contentType != "" && err != nil {
		return nil, mediaType{contentType}
	}
	switch media {
	case ContentTypeProtobuf, "application/x-protobuf":
		return readProtobuf(m.Data, limits)
	case ContentTypeCloudEvent:
		return only(ReadCloudEvent(m.Data, limits))
	case "application/json":
		return readJSON(m.Data, limits)
	case "":
		return guess(m.Data, limits)
	default:
		return nil, mediaType{contentType}
	}
}

// guess tells JSON from protobuf by the first byte: an Event's protobuf never
// begins with a brace, and JSON that begins with white space is no Event.
func guess(data []byte, limits Limits) (*posthastev1.Event, error) {
	trimmed := strings.TrimLeft(string(data[:min(len(data), 64)]), " \t\r\n")
	if strings.HasPrefix(trimmed, "{") {
		if e, err := readProtobuf(data, limits); err == nil && data[0] != '{' {
			return e, nil
		}
		return readJSON(data, limits)
	}
	return readProtobuf(data, limits)
}

func readJSON(data []byte, limits Limits) (*posthastev1.Event, error) {
	if isCloudEvent(data) {
		return only(ReadCloudEvent(data, limits))
	}
	events, array, err := ReadJSON(data, limits)
	if err == nil && array {
		return nil, fault("", "an array cannot be published on one subject; publish each event")
	}
	return only(events, err)
}

// isCloudEvent says whether the object has a member specversion.
func isCloudEvent(data []byte) bool {
	dec := newDecoder(data)
	if token, err := dec.ReadToken(); err != nil || token.Kind() != '{' {
		return false
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return false
		}
		if name.String() == "specversion" {
			return true
		}
		if err := dec.SkipValue(); err != nil {
			return false
		}
	}
	return false
}

func readProtobuf(data []byte, limits Limits) (*posthastev1.Event, error) {
	if int64(len(data)) > limits.EventBytes {
		return nil, &SizeError{Index: -1, Limit: limits.EventBytes, Setting: settingEventBytes}
	}
	e := &posthastev1.Event{}
	if err := proto.Unmarshal(data, e); err != nil {
		return nil, fault("", "neither JSON nor a protobuf posthaste.v1.Event")
	}
	if e.Time != nil && e.Time.CheckValid() != nil {
		return nil, fault("time", "must lie in the years 0001 to 9999 UTC")
	}
	return e, checkData(e.Data)
}

func only(events []*posthastev1.Event, err error) (*posthastev1.Event, error) {
	if err != nil {
		return nil, err
	}
	return events[0], nil
}

// idOf is the id of an event that names none: the producer's Nats-Msg-Id, or
// else one made of the message's place in the stream.
func idOf(m Message) string {
	if id := header(m.Header, jetstream.MsgIDHeader); id != "" && eventid.CheckID(id) == nil {
		return id
	}
	place := binary.BigEndian.AppendUint64(nil, m.Sequence)
	place = append(place, m.Subject...)
	sum := sha256.Sum256(place)
	var id ulid.ULID
	if err := id.SetTime(uint64(max(0, m.Stored.UnixMilli()))); err != nil {
		clear(id[:6]) // beyond the year 10889
	}
	copy(id[6:], sum[:10])
	return "evt_" + id.String()
}

// header reads a header whatever its case: producers spell it as they like.
func header(h nats.Header, name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	for key, v := range h {
		if len(v) > 0 && strings.EqualFold(key, name) {
			return v[0]
		}
	}
	return ""
}

// cloudEventHeaders returns the ce- headers, without the prefix, where the
// message is a CloudEvent in binary mode; else nil.
func cloudEventHeaders(h nats.Header) map[string]string {
	var attributes map[string]string
	for key, v := range h {
		if len(key) > 3 && len(v) > 0 && strings.EqualFold(key[:3], "ce-") {
			if attributes == nil {
				attributes = make(map[string]string, 8)
			}
			attributes[strings.ToLower(key[3:])] = v[0]
		}
	}
	if _, ok := attributes["specversion"]; !ok {
		return nil
	}
	return attributes
}

// HTTPCloudEventHeaders is the same for an HTTP request, whose header names
// are canonical.
func HTTPCloudEventHeaders(h http.Header) map[string]string { return cloudEventHeaders(nats.Header(h)) }

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
