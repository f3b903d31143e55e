package event

import (
	"encoding/base64"
	"mime"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// Content types of CloudEvents 1.0 (HTTP binding, section 3).
const (
	ContentTypeCloudEvent      = "application/cloudevents+json"
	ContentTypeCloudEventBatch = "application/cloudevents-batch+json"
)

// ReadCloudEvent reads one event in CloudEvents' JSON format. Data that is
// not JSON travels as a JSON string, base64 for data_base64.
func ReadCloudEvent(body []byte, limits Limits) ([]*posthastev1.Event, error) {
	events, array, err := read(body, limits, readCloudEvent)
	if err == nil && array {
		return nil, fault("", "an array of events goes as %s", ContentTypeCloudEventBatch)
	}
	return events, err
}

// ReadCloudEventBatch reads an array of events in CloudEvents' JSON format.
func ReadCloudEventBatch(body []byte, limits Limits) ([]*posthastev1.Event, error) {
	events, array, err := read(body, limits, readCloudEvent)
	if err == nil && !array {
		return nil, fault("", "a single event goes as %s", ContentTypeCloudEvent)
	}
	return events, err
}

// ReadCloudEventBinary reads an event in binary mode: attributes holds the
// ce- headers by their lower-case names without the prefix, contentType the
// data's type.
func ReadCloudEventBinary(attributes map[string]string, contentType string, data []byte, limits Limits) (*posthastev1.Event, error) {
	if int64(len(data)) > limits.EventBytes {
		return nil, &SizeError{Index: -1, Limit: limits.EventBytes, Setting: settingEventBytes}
	}
	c := cloudEvent{contentType: contentType}
	for name, value := range attributes {
		if err := c.attribute(name, value); err != nil {
			return nil, err
		}
	}
	c.event.Data = data
	return c.finish(jsonOf(data, contentType))
}

// cloudEvent gathers the attributes of one event.
type cloudEvent struct {
	event       posthastev1.Event
	version     string
	contentType string
}

func readCloudEvent(dec *jsontext.Decoder, body []byte) (*posthastev1.Event, error) {
	var c cloudEvent
	var plain, base64Data jsontext.Value
	err := members(dec, body, func(name string, value jsontext.Value) error {
		switch name {
		case "data":
			plain = value
			return nil
		case "data_base64":
			base64Data = value
			return nil
		}
		s, err := scalar(name, value)
		if err != nil || value.Kind() == 'n' {
			return err
		}
		return c.attribute(name, s)
	})
	if err != nil {
		return nil, err
	}
	switch {
	case plain != nil && base64Data != nil:
		return nil, fault("data_base64", "stands beside data; send one of the two")
	case base64Data != nil:
		return c.finish(c.fromBase64(base64Data))
	case plain == nil:
		plain = jsontext.Value("null")
	}
	return c.finish([]byte(plain), nil)
}

// scalar reads an attribute's value: a string, a boolean or a number.
func scalar(name string, value jsontext.Value) (string, error) {
	switch value.Kind() {
	case '{', '[':
		return "", fault(name, "must be a string, a boolean or an integer (CloudEvents 1.0, section 3)")
	case 't', 'f', '0':
		return string(value), nil
	default:
		return text(name, value)
	}
}

func (c *cloudEvent) attribute(name, value string) (err error) {
	switch name {
	case "specversion":
		c.version = value
	case "id":
		c.event.Id = value
	case "source":
		c.event.Source = value
	case "type":
		c.event.Type = value
	case "time":
		c.event.Time, err = parseTime(name, value)
	case "datacontenttype":
		c.contentType = value
	case "tenant":
		c.event.Tenant = value
	default:
		if err := checkExtension(name); err != nil {
			return err
		}
		if c.event.Attributes == nil {
			c.event.Attributes = make(map[string]string, 4)
		}
		c.event.Attributes[name] = value
	}
	return err
}

// checkExtension holds the naming rule of CloudEvents 1.0, section 3.1.
func checkExtension(name string) error {
	const limit = 64
	if name == "" || len(name) > limit {
		return fault(name, "an attribute's name has 1 to %d characters", limit)
	}
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return fault(name, "an attribute's name has only lower-case letters and digits (CloudEvents 1.0, section 3.1)")
		}
	}
	return nil
}

func (c *cloudEvent) fromBase64(value jsontext.Value) ([]byte, error) {
	encoded, err := text("data_base64", value)
	if err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, fault("data_base64", "is not base64: %s", err)
	}
	if isJSON(c.contentType) {
		return jsonOf(data, c.contentType)
	}
	return []byte(value), nil // stays base64, as a JSON string
}

func (c *cloudEvent) finish(data []byte, err error) (*posthastev1.Event, error) {
	switch {
	case err != nil:
		return nil, err
	case c.version == "":
		return nil, fault("specversion", "is required; this is CloudEvents 1.0")
	case !strings.HasPrefix(c.version, "1."):
		return nil, fault("specversion", "must be 1.0, is %.20q", c.version)
	case c.event.Id == "":
		return nil, fault("id", "is required by CloudEvents")
	case c.event.Source == "":
		return nil, fault("source", "is required by CloudEvents")
	case c.event.Type == "":
		return nil, fault("type", "is required by CloudEvents")
	}
	c.event.Data = data
	return &c.event, nil
}

// jsonOf gives data as one JSON value: JSON as it is, text as a string,
// nothing as null.
func jsonOf(data []byte, contentType string) ([]byte, error) {
	switch {
	case len(data) == 0:
		return []byte("null"), nil
	case isJSON(contentType):
		return data, checkData(data)
	case strings.HasPrefix(contentType, "text/") && utf8.Valid(data):
		return jsontext.AppendQuote(nil, data)
	default:
		return nil, mediaType{contentType}
	}
}

// isJSON also holds for an empty type: CloudEvents' JSON format and ours both
// take data without one as JSON.
func isJSON(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return contentType == ""
	}
	return media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json")
}

// mediaType is ErrMediaType for data of a type that cannot be carried.
type mediaType struct{ contentType string }

func (m mediaType) Error() string {
	return "data of type " + m.contentType + " cannot be carried; send JSON or UTF-8 text"
}

func (mediaType) Unwrap() error { return ErrMediaType }
