package ingest

import (
	"errors"
	"net/http"
	"strings"

	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/problem"
)

// clientError is the answer to an event that cannot be taken.
func clientError(err error) error {
	var field *event.FieldError
	var size *event.SizeError
	switch {
	case errors.As(err, &field):
		return problem.Validation(problem.Field{Field: field.Path(), Message: field.Problem})
	case errors.As(err, &size):
		return tooLarge(size)
	case errors.Is(err, event.ErrMediaType):
		return &problem.Error{Status: http.StatusUnsupportedMediaType, Code: problem.CodeMediaType, Message: sentence(err.Error())}
	default:
		return err
	}
}

func tooLarge(size *event.SizeError) error {
	details := map[string]any{"limit": size.Limit, "setting": size.Setting}
	if size.Index >= 0 {
		details["index"] = size.Index
	}
	return &problem.Error{Status: http.StatusRequestEntityTooLarge, Code: problem.CodeTooLarge, Message: sentence(size.Error()), Details: details}
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }
