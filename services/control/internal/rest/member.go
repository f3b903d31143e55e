package rest

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Member is a member of a merge patch, which may be absent, null, or a value.
type Member[T any] struct {
	Given bool // it stood in the body
	Null  bool
	Value T
}

// UnmarshalJSONFrom reads what stands in the body.
func (m *Member[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	m.Given, m.Null = true, dec.PeekKind() == 'n'
	return json.UnmarshalDecode(dec, &m.Value)
}

// Schema is that of T, or null.
func (*Member[T]) Schema(r huma.Registry) *huma.Schema {
	s := r.Schema(reflect.TypeFor[T](), true, "")
	if s.Ref != "" {
		return &huma.Schema{AnyOf: []*huma.Schema{s, {Type: "null"}}}
	}
	s.Nullable = true
	return s
}
