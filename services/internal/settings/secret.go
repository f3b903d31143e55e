package settings

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"
)

// hidden stands wherever a secret would have been printed.
const hidden = "[secret]"

// Secret is a value that hides itself: every way of printing, logging or
// marshalling it gives "[secret]". Only Reveal gives the value.
//
// A field of this type is a secret setting without the secret tag. Keep it in
// exported fields: fmt cannot call methods on unexported ones.
type Secret string

// Reveal gives the value, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }

// Set says whether there is a value.
func (s Secret) Set() bool { return s != "" }

// String gives "[secret]".
func (Secret) String() string { return hidden }

// GoString gives "[secret]", for %#v.
func (Secret) GoString() string { return hidden }

// Format gives "[secret]" for every verb: without it a wrong verb such as %d
// makes fmt print the value.
func (Secret) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, hidden) }

// LogValue gives "[secret]" to slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalJSON gives "[secret]" as a JSON string.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(strconv.Quote(hidden)), nil }

// MarshalText gives "[secret]".
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
