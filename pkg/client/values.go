package client

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Secret signs deliveries, or is an API key. Formatted or logged by slog it is "[secret]"; in JSON
// it is itself, since requests and answers carry it. Reveal tells it.
type Secret string

const hidden = "[secret]"

// Reveal gives the secret's text.
func (s Secret) Reveal() string { return string(s) }

// String gives "[secret]", or "" where there is none.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// Format prints String for every verb.
func (s Secret) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, s.String()) }

// LogValue logs String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Duration is written as text in JSON, such as "1m30s".
type Duration time.Duration

// String gives the duration as Go writes it.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText gives String.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what time.ParseDuration does.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// Change is what an update does with a member: the zero Change leaves it as it
// is, Set gives it a value, Reset takes the value away.
type Change[T any] struct {
	value T
	state changeState
}

type changeState uint8

const (
	unchanged changeState = iota
	set
	reset
)

// Set gives a member the value v.
func Set[T any](v T) Change[T] { return Change[T]{value: v, state: set} }

// Reset takes a member's value away, so that the default holds.
func Reset[T any]() Change[T] { return Change[T]{state: reset} }

// IsZero says that the member stays; encoding/json then leaves it out.
func (c Change[T]) IsZero() bool { return c.state == unchanged }

// MarshalJSON gives the value, or null for Reset.
func (c Change[T]) MarshalJSON() ([]byte, error) {
	if c.state != set {
		return []byte("null"), nil
	}
	return json.Marshal(c.value)
}
