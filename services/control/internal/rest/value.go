package rest

import (
	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"
)

// Value is any JSON value as it was written. null counts as absent.
type Value []byte

// MarshalJSON writes it as it is.
func (v Value) MarshalJSON() ([]byte, error) {
	if v == nil {
		return []byte("null"), nil
	}
	return v, nil
}

// UnmarshalJSONFrom reads the value.
func (v *Value) UnmarshalJSONFrom(dec *jsontext.Decoder) (err error) {
	*v, err = readValue(dec)
	return err
}

// UnmarshalJSON is for clients that read an answer into the same type.
func (v *Value) UnmarshalJSON(text []byte) error {
	*v = append((*v)[:0], text...)
	return nil
}

// Schema is anything.
func (Value) Schema(huma.Registry) *huma.Schema { return &huma.Schema{} }
