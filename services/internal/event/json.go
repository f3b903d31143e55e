package event

import (
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

// check refuses an event of size bytes that is over the limit.
func (l Limits) check(size int) error {
	if int64(size) > l.EventBytes {
		return &SizeError{Index: -1, Limit: l.EventBytes, Setting: settingEventBytes}
	}
	return nil
}

// ReadJSON reads one event object or an array of them, in the API's form:
// {"id"?, "tenant"?, "type", "timestamp"?, "data"}. The events' data aliases
// body. Errors are *FieldError and *SizeError.
func ReadJSON(body []byte, limits Limits) (events []*posthastev1.Event, array bool, err error) {
	return read(body, limits, readObject)
}

// readObject reads {"id", "tenant", "type", "timestamp", "data"}.
func readObject(dec *jsontext.Decoder, body []byte) (*posthastev1.Event, error) {
	e := &posthastev1.Event{}
	err := members(dec, body, func(name string, value jsontext.Value) (err error) {
		switch name {
		case "id":
			e.Id, err = given(name, value)
		case "tenant":
			e.Tenant, err = given(name, value)
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
