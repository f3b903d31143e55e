package event

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// Limits bound what is read. Zero values refuse everything, so take them from
// the configuration.
type Limits struct {
	EventBytes  int64 // one event, as sent
	BatchEvents int   // events in one array
}

// settingEventBytes names Limits.EventBytes to people.
const settingEventBytes = "POSTHASTE_MAX_EVENT_BYTES"

// reader reads one JSON value of an event out of a larger body.
type reader func(dec *jsontext.Decoder, body []byte) (*posthastev1.Event, error)

// ReadJSON reads one event object or an array of them, in the API's form:
// {"id"?, "tenant"?, "type", "timestamp"?, "data"}. The events' data aliases
// body. Errors are *FieldError and *SizeError.
func ReadJSON(body []byte, limits Limits) (events []*posthastev1.Event, array bool, err error) {
	return read(body, limits, readObject)
}

func read(body []byte, limits Limits, one reader) (events []*posthastev1.Event, array bool, err error) {
	dec := newDecoder(body)
	switch dec.PeekKind() {
	case '{':
		if events, err = readSingle(dec, body, limits, one); err != nil {
			return nil, false, err
		}
	case '[':
		array = true
		if events, err = readArray(dec, body, limits, one); err != nil {
			return nil, true, err
		}
	default:
		if _, err := dec.ReadToken(); err != nil {
			return nil, false, fault("", "the body is not JSON: %s", syntax(err))
		}
		return nil, false, fault("", "the body must be a JSON object or an array of objects")
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, array, fault("", "something follows the JSON value at byte %d", dec.InputOffset())
	}
	return events, array, nil
}

func readSingle(dec *jsontext.Decoder, body []byte, limits Limits, one reader) ([]*posthastev1.Event, error) {
	if int64(len(body)) > limits.EventBytes {
		return nil, &SizeError{Index: -1, Limit: limits.EventBytes, Setting: settingEventBytes}
	}
	e, err := one(dec, body)
	if err != nil {
		return nil, err
	}
	return []*posthastev1.Event{e}, nil
}

func readArray(dec *jsontext.Decoder, body []byte, limits Limits, one reader) ([]*posthastev1.Event, error) {
	if _, err := dec.ReadToken(); err != nil {
		return nil, fault("", "the body is not JSON: %s", syntax(err))
	}
	var events []*posthastev1.Event
	for dec.PeekKind() != ']' {
		i := len(events)
		if i == limits.BatchEvents {
			return nil, fault("", "the array has more than %d events (POSTHASTE_MAX_BATCH_EVENTS); send it in parts", limits.BatchEvents)
		}
		if kind := dec.PeekKind(); kind != '{' {
			if _, err := dec.ReadToken(); err != nil {
				return nil, At(fault("", "the body is not JSON: %s", syntax(err)), i)
			}
			return nil, At(fault("", "must be a JSON object"), i)
		}
		before := dec.InputOffset()
		e, err := one(dec, body)
		if err != nil {
			return nil, At(err, i)
		}
		if dec.InputOffset()-before > limits.EventBytes {
			return nil, &SizeError{Index: i, Limit: limits.EventBytes, Setting: settingEventBytes}
		}
		events = append(events, e)
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, fault("", "the body is not JSON: %s", syntax(err))
	}
	if len(events) == 0 {
		return nil, fault("", "the array is empty; send at least one event")
	}
	return events, nil
}

// readObject reads {"id", "tenant", "type", "timestamp", "data"}.
func readObject(dec *jsontext.Decoder, body []byte) (*posthastev1.Event, error) {
	e := &posthastev1.Event{}
	err := members(dec, body, func(name string, value jsontext.Value) (err error) {
		switch name {
		case "id":
			e.Id, err = text(name, value)
		case "tenant":
			e.Tenant, err = text(name, value)
		case "type":
			e.Type, err = text(name, value)
		case "timestamp":
			e.Time, err = timestamp(name, value)
		case "data":
			e.Data = value
		default:
			err = fault(name, "unknown field; an event has id, tenant, type, timestamp and data")
		}
		return err
	})
	return e, err
}

// members calls visit for each member of the object that comes next. Values
// alias body.
func members(dec *jsontext.Decoder, body []byte, visit func(name string, value jsontext.Value) error) error {
	if _, err := dec.ReadToken(); err != nil {
		return fault("", "the body is not JSON: %s", syntax(err))
	}
	var seen [8]string
	names := seen[:0]
	for dec.PeekKind() != '}' {
		token, err := dec.ReadToken()
		if err != nil {
			return fault("", "the body is not JSON: %s", syntax(err))
		}
		name := token.String()
		for _, other := range names {
			if other == name {
				return fault(name, "stands twice")
			}
		}
		names = append(names, name)
		value, err := dec.ReadValue()
		if err != nil {
			return fault(name, "not JSON: %s", syntax(err))
		}
		end := dec.InputOffset()
		if err := visit(name, body[end-int64(len(value)):end]); err != nil {
			return err
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return fault("", "the body is not JSON: %s", syntax(err))
	}
	return nil
}

// newDecoder reads body without copying it. Names may repeat inside data: it
// is the producer's, and we pass it on as it is.
func newDecoder(body []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true))
}

// syntax says where a JSON text breaks, without the library's prefix.
func syntax(err error) string {
	var at *jsontext.SyntacticError
	if errors.As(err, &at) {
		return fmt.Sprintf("%v at byte %d", at.Err, at.ByteOffset)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return "it ends too early"
	}
	return err.Error()
}
