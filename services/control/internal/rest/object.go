package rest

import (
	"bytes"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"
)

// Object is a JSON object that is kept as it was written. null counts as
// absent.
type Object []byte

// UnmarshalJSONFrom reads the object.
func (o *Object) UnmarshalJSONFrom(dec *jsontext.Decoder) (err error) {
	*o, err = readValue(dec)
	return err
}

// readValue clones, for the decoder's memory is not kept.
func readValue(dec *jsontext.Decoder) ([]byte, error) {
	value, err := dec.ReadValue()
	if err != nil || value.Kind() == 'n' {
		return nil, err
	}
	return bytes.Clone(value), nil
}

// MarshalJSON writes it as it is.
func (o Object) MarshalJSON() ([]byte, error) {
	if o == nil {
		return []byte("null"), nil
	}
	return o, nil
}

// UnmarshalJSON is for clients that read an answer into the same type.
func (o *Object) UnmarshalJSON(text []byte) error {
	*o = bytes.Clone(text)
	return nil
}

// Schema is any object.
func (Object) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
}
