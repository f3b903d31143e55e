// Package jsonfault says what is wrong with a JSON text, for whoever wrote it.
package jsonfault

import (
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// Syntax says where a JSON text breaks, without the library's prefix. err is of
// package jsontext.
func Syntax(err error) string {
	var at *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "it ends too early"
	case errors.As(err, &at):
		return fmt.Sprintf("%v at byte %d", at.Err, at.ByteOffset)
	default:
		return err.Error()
	}
}
