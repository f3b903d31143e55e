package event

import (
	"encoding/base64"
	"fmt"
	"mime"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// data is the event's data of the two members that may hold it.
func (c *cloudEvent) data(plain, encoded jsontext.Value) ([]byte, error) {
	switch {
	case plain != nil && encoded != nil:
		return nil, fault("data_base64", "stands beside data; send one of the two")
	case encoded != nil:
		return c.fromBase64(encoded)
	case plain != nil:
		return plain, nil
	default:
		return null(), nil
	}
}

// fromBase64 gives JSON as it is; all else stays base64, as a JSON string.
func (c *cloudEvent) fromBase64(value jsontext.Value) ([]byte, error) {
	encoded, err := text("data_base64", value)
	if err != nil {
		return nil, err
	}
	if value.Kind() != '"' {
		return nil, fault("data_base64", "must be a string")
	}
	data, err := base64.StdEncoding.DecodeString(encoded)
	switch {
	case err != nil:
		return nil, fault("data_base64", "is not base64: %s", err)
	case !isJSON(c.contentType):
		return value, nil
	case validJSON(data):
		return data, nil
	case c.contentType == "": // binary, of a type that was not told
		return value, nil
	default:
		return nil, fault("data_base64", "does not hold one JSON value, which datacontenttype promises")
	}
}

func null() []byte { return []byte("null") }

// jsonOf gives the bytes of binary mode as one JSON value: JSON as it is, text
// as a string, nothing as null.
func jsonOf(data []byte, contentType string) ([]byte, error) {
	switch {
	case len(data) == 0:
		return null(), nil
	case isJSON(contentType):
		return data, checkData(data)
	case strings.HasPrefix(mediaOf(contentType), "text/") && utf8.Valid(data):
		quoted, err := jsontext.AppendQuote(nil, data)
		if err != nil {
			return nil, fmt.Errorf("quote text: %w", err) // not reached: it is UTF-8
		}
		return quoted, nil
	default:
		return nil, mediaType{contentType}
	}
}

// isJSON also holds for an empty type: CloudEvents' JSON format and ours both
// take data without one as JSON.
func isJSON(contentType string) bool {
	media := mediaOf(contentType)
	return contentType == "" || media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json")
}

// mediaOf is the type without its parameters, in lower case; empty where it
// cannot be read.
func mediaOf(contentType string) string {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return media
}

// checkData is for data that no JSON reader has been over yet.
func checkData(data []byte) error {
	if len(data) != 0 && !validJSON(data) {
		return fault("data", "is not one JSON value in UTF-8")
	}
	return nil
}

// validJSON says whether data is one JSON value, by the rules of newDecoder.
func validJSON(data []byte) bool {
	return utf8.Valid(data) && jsontext.Value(data).IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// mediaType is ErrMediaType for data of a type that cannot be carried.
type mediaType struct{ contentType string }

func (m mediaType) Error() string {
	return fmt.Sprintf("data of type %.100q cannot be carried; send JSON or UTF-8 text", m.contentType)
}

func (mediaType) Unwrap() error { return ErrMediaType }
