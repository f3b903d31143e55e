package event

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/posthaste/posthaste/pkg/eventid"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// cloudEvent gathers the attributes of one event.
type cloudEvent struct {
	event       posthastev1.Event
	version     string
	contentType string // of the data; empty for JSON
}

// jsonAttribute reads an attribute's value in the JSON format. Those of the
// specification are strings; extensions may be booleans and integers too.
func (c *cloudEvent) jsonAttribute(name string, value jsontext.Value) error {
	switch kind := value.Kind(); {
	case kind == '"':
		s, err := text(name, value)
		if err != nil {
			return err
		}
		return c.attribute(name, s)
	case eventid.HasField(name):
		return fault(name, "must be a string")
	case kind == 't', kind == 'f', kind == '0' && isInteger(value):
		return c.attribute(name, string(value))
	default:
		return fault(name, "must be a string, a boolean or an integer of 32 bits (CloudEvents 1.0, section 3)")
	}
}

func isInteger(value jsontext.Value) bool {
	_, err := strconv.ParseInt(string(value), 10, 32)
	return err == nil
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
	case "tenant":
		c.event.Tenant = value
	case "datacontenttype":
		c.contentType = value
	default:
		err = c.extension(name, value)
	}
	return err
}

func (c *cloudEvent) extension(name, value string) error {
	if err := checkExtension(name, value); err != nil {
		return err
	}
	if c.event.Attributes == nil {
		c.event.Attributes = make(map[string]string, 4)
	}
	c.event.Attributes[name] = value
	return nil
}

// checkExtension names the attribute that eventid finds wrong.
func checkExtension(name, value string) error {
	return badAttribute(eventid.CheckAttribute(name, value))
}

// finish checks what CloudEvents requires and returns the event with its data.
func (c *cloudEvent) finish(data []byte) (*posthastev1.Event, error) {
	switch {
	case c.version == "":
		return nil, fault("specversion", "is required; this is CloudEvents 1.0")
	case c.version != "1.0":
		return nil, fault("specversion", "must be 1.0, is %.20q", c.version)
	case c.event.Id == "":
		return nil, fault("id", "is required by CloudEvents")
	case c.event.Source == "":
		return nil, fault("source", "is required by CloudEvents")
	case c.event.Type == "":
		return nil, fault("type", "is required by CloudEvents")
	}
	if !isJSON(c.contentType) {
		// Kept, for it alone tells text and base64 from a JSON string.
		if err := c.extension("datacontenttype", c.contentType); err != nil {
			return nil, err
		}
	}
	c.event.Data = data
	return &c.event, nil
}
