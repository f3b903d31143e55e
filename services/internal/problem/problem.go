// Package problem is how the HTTP API says that something went wrong:
// {"error":{"code","message","details"}}. Handlers return errors; Write is the
// one place that answers them.
package problem

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Codes. Each has one HTTP status.
const (
	CodeValidation       = "validation_error"       // 400
	CodeUnauthorized     = "unauthorized"           // 401
	CodeScope            = "insufficient_scope"     // 403
	CodeNotFound         = "not_found"              // 404
	CodeMethodNotAllowed = "method_not_allowed"     // 405
	CodeConflict         = "conflict"               // 409
	CodeTooLarge         = "payload_too_large"      // 413
	CodeMediaType        = "unsupported_media_type" // 415
	CodeRateLimited      = "rate_limited"           // 429
	CodeInternal         = "internal_error"         // 500
	CodeUnavailable      = "unavailable"            // 503
)

// Error is an answer to a request that failed. Its text is for the client.
type Error struct {
	Status  int
	Code    string
	Message string
	// Details is a JSON object for programs; nil gives {}.
	Details map[string]any
	// RetryAfter, where not 0, is when to try again; rounded up to seconds.
	RetryAfter time.Duration
	// Cause stays in our log.
	Cause error
}

func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Field is one entry of details.fields of a validation error.
type Field struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Validation is a 400 that names the fields. The message is that of the first.
func Validation(fields ...Field) *Error {
	e := &Error{Status: http.StatusBadRequest, Code: CodeValidation, Details: map[string]any{"fields": fields}}
	if len(fields) > 0 {
		e.Message = fields[0].Message
		if fields[0].Field != "" {
			e.Message = fields[0].Field + ": " + e.Message
		}
	}
	return e
}

// Renamed is err with other names for the fields of a validation error, for
// those who know them by other names. What is not renamed stays.
func Renamed(err error, names map[string]string) error {
	var known *Error
	if !errors.As(err, &known) || known.Code != CodeValidation {
		return err
	}
	fields, _ := known.Details["fields"].([]Field)
	renamed := make([]Field, len(fields))
	for i, f := range fields {
		renamed[i] = f
		stem := f.Field[:len(f.Field)-len(strings.TrimLeft(f.Field, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))]
		if name, ok := names[stem]; ok {
			renamed[i].Field = name + f.Field[len(stem):]
		}
	}
	return Validation(renamed...)
}

// Unauthorized is a 401.
func Unauthorized(message string) *Error {
	return &Error{Status: http.StatusUnauthorized, Code: CodeUnauthorized, Message: message}
}

// Scope is a 403: the key is good, but not for this.
func Scope(message string) *Error {
	return &Error{Status: http.StatusForbidden, Code: CodeScope, Message: message}
}

// NotFound is a 404.
func NotFound(message string) *Error {
	return &Error{Status: http.StatusNotFound, Code: CodeNotFound, Message: message}
}

// Conflict is a 409.
func Conflict(message string) *Error {
	return &Error{Status: http.StatusConflict, Code: CodeConflict, Message: message}
}

// Unavailable is a 503 with Retry-After.
func Unavailable(message string, retryAfter time.Duration, cause error) *Error {
	return &Error{Status: http.StatusServiceUnavailable, Code: CodeUnavailable, Message: message, RetryAfter: retryAfter, Cause: cause}
}

// From returns err as an *Error. What it does not know is a 500 whose text
// stays with us.
func From(err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	return &Error{Status: http.StatusInternalServerError, Code: CodeInternal, Message: "Something went wrong on our side.", Cause: err}
}

type body struct {
	Error detail `json:"error"`
}

type detail struct {
	Code    string         `json:"code"`
	Message string         `json:"message"`
	Details map[string]any `json:"details"`
}

// MarshalJSON gives the API's form.
func (e *Error) MarshalJSON() ([]byte, error) {
	details := e.Details
	if details == nil {
		details = map[string]any{}
	}
	return plainJSON(body{detail{e.Code, e.Message, details}})
}

// plainJSON leaves < and > as they are: no page shows what we answer, and
// people read it.
func plainJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode error: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Header sets the headers that belong to the answer.
func (e *Error) Header(h http.Header) {
	h.Set("Content-Type", "application/json")
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((e.RetryAfter+time.Second-1)/time.Second)))
	}
	if e.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="posthaste"`)
	}
}

// Log writes what the client is not told.
func (e *Error) Log(log *slog.Logger, r *http.Request) {
	if e.Cause != nil {
		log.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "status", e.Status, "error", e.Cause)
	}
}

// Write answers the request with err.
func Write(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	e := From(err)
	e.Log(log, r)
	text, err := plainJSON(e)
	if err != nil { // a detail that JSON cannot hold
		text = []byte(`{"error":{"code":"` + CodeInternal + `","message":"Something went wrong on our side.","details":{}}}`)
	}
	e.Header(w.Header())
	w.WriteHeader(e.Status)
	_, _ = w.Write(append(text, '\n')) // the client may be gone
}

// NotFoundHandler answers every request with a 404.
func NotFoundHandler(log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Write(w, r, log, NotFound("There is nothing at this path."))
	})
}
