package rest

import "github.com/danielgtaylor/huma/v2"

// Value is any JSON value, in answers.
type Value []byte

// MarshalJSON writes it as it is.
func (v Value) MarshalJSON() ([]byte, error) {
	if v == nil {
		return []byte("null"), nil
	}
	return v, nil
}

// UnmarshalJSON is for clients that read an answer into the same type.
func (v *Value) UnmarshalJSON(text []byte) error {
	*v = append((*v)[:0], text...)
	return nil
}

// Schema is anything.
func (Value) Schema(huma.Registry) *huma.Schema { return &huma.Schema{} }
