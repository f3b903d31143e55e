package rest

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/posthaste/posthaste/services/internal/problem"
)

// Body is a request's JSON object of type T; a pointer to it, nil where it was
// left out, is one that a request may do without. huma keeps it as bytes, and the
// handler decodes it: huma itself would match names whatever their case, and
// quote bodies, which hold secrets, in its errors.
type Body[T any] struct{ raw []byte }

// Schema is that of T.
func (Body[T]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}

func (b *Body[T]) keep(data []byte) { b.raw = bytes.Clone(data) }

// unmarshal is the API's JSON format. data is huma's to use again.
func unmarshal(data []byte, v any) error {
	if pointer := reflect.ValueOf(v).Elem(); pointer.Kind() == reflect.Pointer { // a body that may be left out
		pointer.Set(reflect.New(pointer.Type().Elem()))
		v = pointer.Interface()
	}
	kept, ok := v.(interface{ keep([]byte) })
	if !ok {
		return fmt.Errorf("%T is no request body", v)
	}
	kept.keep(data)
	return nil
}

// Decode reads the object. The error is a 400 that names the field.
func (b *Body[T]) Decode() (*T, error) {
	if !bytes.HasPrefix(bytes.TrimLeft(b.raw, " \t\r\n"), []byte("{")) {
		return nil, problem.Validation(problem.Field{Message: "the body must be a JSON object"})
	}
	v := new(T)
	if err := json.Unmarshal(b.raw, v, json.RejectUnknownMembers(true)); err != nil {
		return nil, problem.Validation(decodeFault(err))
	}
	return v, nil
}

// decodeFault never quotes the body.
func decodeFault(err error) problem.Field {
	var syntactic *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.As(err, &syntactic) && errors.Is(err, jsontext.ErrDuplicateName):
		return problem.Field{Field: path(syntactic.JSONPointer), Message: "appears twice"}
	case errors.As(err, &syntactic):
		return problem.Field{Message: fmt.Sprintf("the body is not valid JSON at byte %d", syntactic.ByteOffset)}
	case errors.As(err, &semantic) && errors.Is(err, json.ErrUnknownName):
		return problem.Field{Field: path(semantic.JSONPointer), Message: "unknown field"}
	case errors.As(err, &semantic):
		return problem.Field{Field: path(semantic.JSONPointer), Message: "must be " + wanted(semantic.GoType)}
	default:
		return problem.Field{Message: "the body is not valid JSON"}
	}
}

func wanted(t reflect.Type) string {
	if t == nil {
		return "of another type"
	}
	if t == reflect.TypeFor[time.Time]() {
		return "a time in RFC 3339, such as 2026-01-15T10:30:00Z"
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "an array"
	case reflect.Struct, reflect.Pointer, reflect.Map:
		return "an object"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	default:
		return "of another type"
	}
}

// maxPath bounds how much of a stranger's names is sent back, in bytes.
const maxPath = 200

// path writes /filters/taskIds/0 as filters.taskIds[0].
func path(pointer jsontext.Pointer) string {
	var b strings.Builder
	for token := range pointer.Tokens() {
		switch _, err := strconv.ParseUint(token, 10, 32); {
		case err == nil && b.Len() > 0:
			b.WriteString("[" + token + "]")
		case b.Len() > 0:
			b.WriteString("." + token)
		default:
			b.WriteString(token)
		}
	}
	return strings.ToValidUTF8(b.String()[:min(b.Len(), maxPath)], "")
}
