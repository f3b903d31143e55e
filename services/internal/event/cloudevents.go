package event

import (
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// Content types of CloudEvents 1.0 (HTTP binding, section 3).
const (
	ContentTypeCloudEvent      = "application/cloudevents+json"
	ContentTypeCloudEventBatch = "application/cloudevents-batch+json"
)

// ReadCloudEvent reads one event in CloudEvents' JSON format. Data that is
// not JSON travels as a JSON string, base64 for data_base64. Errors are those
// of ReadJSON.
func ReadCloudEvent(body []byte, limits Limits) ([]*posthastev1.Event, error) {
	if newDecoder(body).PeekKind() == '[' {
		return nil, fault("", "an array of events goes as %s", ContentTypeCloudEventBatch)
	}
	events, _, err := read(body, limits, readCloudEvent)
	return events, err
}

// ReadCloudEventBatch reads an array of events in CloudEvents' JSON format.
func ReadCloudEventBatch(body []byte, limits Limits) ([]*posthastev1.Event, error) {
	if newDecoder(body).PeekKind() == '{' {
		return nil, fault("", "a single event goes as %s", ContentTypeCloudEvent)
	}
	events, _, err := read(body, limits, readCloudEvent)
	return events, err
}

// ReadCloudEventBinary reads an event in binary mode: headers holds the
// ce- headers by their lower-case names without the prefix, encoded as they
// came, contentType the data's type. Errors are also ErrMediaType.
func ReadCloudEventBinary(headers map[string]string, contentType string, data []byte, limits Limits) (*posthastev1.Event, error) {
	if err := limits.check(len(data)); err != nil {
		return nil, err
	}
	c := cloudEvent{contentType: contentType}
	for _, name := range slices.Sorted(maps.Keys(headers)) { // in order, so that of two faults the same one is told
		value, err := headerValue(name, headers[name])
		if err != nil {
			return nil, err
		}
		if err := c.attribute(name, value); err != nil {
			return nil, err
		}
	}
	data, err := jsonOf(data, c.contentType)
	if err != nil {
		return nil, err
	}
	// Quoting lengthens text up to sixfold.
	if err := limits.check(len(data)); err != nil {
		return nil, err
	}
	return c.finish(data)
}

func readCloudEvent(dec *jsontext.Decoder, body []byte) (*posthastev1.Event, error) {
	var c cloudEvent
	var plain, encoded jsontext.Value
	err := members(dec, body, func(name string, value jsontext.Value) error {
		switch {
		case name == "data":
			plain = value
			return nil
		case value.Kind() == 'n': // as if it were not there (JSON format, section 2.3)
			return nil
		case name == "data_base64":
			encoded = value
			return nil
		}
		return c.jsonAttribute(name, value)
	})
	if err != nil {
		return nil, err
	}
	data, err := c.data(plain, encoded)
	if err != nil {
		return nil, err
	}
	return c.finish(data)
}
