package event

import (
	"errors"
	"fmt"
	"strconv"
)

// FieldError says which field of which event is wrong.
type FieldError struct {
	// Index of the event in its array, -1 where it stands alone.
	Index int
	// Field, such as "type"; empty where the event as a whole is wrong.
	Field string
	// Problem says what is wrong, the limit, and what to do.
	Problem string
}

func (e *FieldError) Error() string {
	switch path := e.Path(); path {
	case "":
		return e.Problem
	default:
		return path + ": " + e.Problem
	}
}

// Path is the place of the fault: "type", "[3].type" or "[3]".
func (e *FieldError) Path() string {
	if e.Index < 0 {
		return e.Field
	}
	path := "[" + strconv.Itoa(e.Index) + "]"
	if e.Field != "" {
		path += "." + e.Field
	}
	return path
}

// SizeError is an event or a body over a limit.
type SizeError struct {
	Index   int    // as in FieldError
	Body    bool   // the whole body is too large, not one event
	Limit   int64  // bytes
	Setting string // the setting that holds the limit
}

func (e *SizeError) Error() string {
	what := "the event"
	switch {
	case e.Body:
		what = "the body"
	case e.Index >= 0:
		what = fmt.Sprintf("event [%d]", e.Index)
	}
	return fmt.Sprintf("%s is larger than %d bytes (%s)", what, e.Limit, e.Setting)
}

// ErrMediaType is a content type that no event comes in, or data that cannot
// be carried as JSON.
var ErrMediaType = errors.New("unsupported media type")

func fault(field, format string, args ...any) error {
	return &FieldError{Index: -1, Field: shown(field), Problem: fmt.Sprintf(format, args...)}
}

// shown is a stranger's name of a field, fit for a line of text.
func shown(field string) string {
	const most = 64 // bytes
	plain := len(field) <= most
	for i := 0; plain && i < len(field); i++ {
		plain = field[i] > ' ' && field[i] < 0x7f && field[i] != '"'
	}
	if plain {
		return field
	}
	return fmt.Sprintf("%.*q", most, field)
}

// At returns err with the index of the event that err speaks of.
func At(err error, index int) error {
	var field *FieldError
	if errors.As(err, &field) {
		return &FieldError{Index: index, Field: field.Field, Problem: field.Problem}
	}
	var size *SizeError
	if errors.As(err, &size) {
		return &SizeError{Index: index, Body: size.Body, Limit: size.Limit, Setting: size.Setting}
	}
	return err
}
