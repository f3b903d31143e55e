package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// What an *Error matches with errors.Is.
var (
	ErrValidation    = errors.New("the request is not valid")       // 400
	ErrUnauthorized  = errors.New("the API key is not known")       // 401
	ErrForbidden     = errors.New("the API key may not do that")    // 403
	ErrNotFound      = errors.New("not found")                      // 404
	ErrConflict      = errors.New("conflict")                       // 409
	ErrCursorExpired = errors.New("the cursor has expired")         // 410
	ErrEventExpired  = errors.New("the event is not kept any more") // 410
	ErrRateLimited   = errors.New("too many requests")              // 429
	ErrUnavailable   = errors.New("the server is not available")    // 503
)

// Error is an answer other than 2xx.
type Error struct {
	// Status of HTTP.
	Status int
	// Code for programs, such as "not_found"; "" where the answer did not come
	// from Posthaste.
	Code string
	// Message for people.
	Message string
	// Details of the code; may be nil.
	Details map[string]any
	// Fields are what is wrong with a request, each with the member's name.
	Fields []FieldError
	// RetryAfter is how long to wait before trying again, 0 where that was not
	// told.
	RetryAfter time.Duration
	// RequestID names the request in the server's log, "" where it has none.
	RequestID string
}

// FieldError is what is wrong with one member of a request.
type FieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error gives status, code and message.
func (e *Error) Error() string {
	text := strconv.Itoa(e.Status)
	if e.Code != "" {
		text += " " + e.Code
	}
	text += ": " + e.Message
	if e.RequestID != "" {
		text += " (request " + e.RequestID + ")"
	}
	return text
}

// Is says whether target is the sentinel of this answer.
func (e *Error) Is(target error) bool { return target == e.sentinel() && target != nil }

func (e *Error) sentinel() error {
	switch e.Status {
	case http.StatusBadRequest:
		return ErrValidation
	case http.StatusUnauthorized:
		return ErrUnauthorized
	case http.StatusForbidden:
		return ErrForbidden
	case http.StatusNotFound:
		return ErrNotFound
	case http.StatusConflict:
		return ErrConflict
	case http.StatusGone:
		if e.Code == "event_expired" {
			return ErrEventExpired
		}
		return ErrCursorExpired
	case http.StatusTooManyRequests:
		return ErrRateLimited
	case http.StatusServiceUnavailable:
		return ErrUnavailable
	}
	return nil
}

// newError reads {"error":{"code","message","details"}}. Nothing of another
// body is shown: it is a stranger's.
func newError(resp *http.Response, body []byte) *Error {
	e := &Error{Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header, time.Now()), RequestID: resp.Header.Get("X-Request-Id")}
	var answer struct {
		Error struct {
			Code    string          `json:"code"`
			Message string          `json:"message"`
			Details json.RawMessage `json:"details"`
		} `json:"error"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Error.Code == "" {
		e.Message = strange(resp)
		return e
	}
	e.Code, e.Message = answer.Error.Code, answer.Error.Message
	var details struct {
		Fields []FieldError `json:"fields"`
	}
	_ = json.Unmarshal(answer.Error.Details, &e.Details) // details are a help, not the answer
	_ = json.Unmarshal(answer.Error.Details, &details)
	e.Fields = details.Fields
	return e
}

// strange tells of an answer that is not one of Posthaste's.
func strange(resp *http.Response) string {
	if to := resp.Header.Get("Location"); to != "" && resp.StatusCode < 400 {
		return fmt.Sprintf("redirected to %.200q, which is not followed; make the API's own address the base URL", to)
	}
	return "not an answer of Posthaste's API (" + http.StatusText(resp.StatusCode) + ")"
}

// retryAfter reads seconds or a date (RFC 9110, section 10.2.3).
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
