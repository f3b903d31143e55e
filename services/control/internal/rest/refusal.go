package rest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/posthaste/posthaste/services/internal/problem"
)

// refusal is a problem in the form that huma answers with.
type refusal struct{ problem *problem.Error }

// Error is the text for the client.
func (r refusal) Error() string { return r.problem.Error() }

// Unwrap returns the problem.
func (r refusal) Unwrap() error { return r.problem }

// MarshalJSON gives the API's form.
func (r refusal) MarshalJSON() ([]byte, error) { return r.problem.MarshalJSON() }

// GetStatus is the HTTP status.
func (r refusal) GetStatus() int { return r.problem.Status }

// GetHeaders are those of the problem.
func (r refusal) GetHeaders() http.Header {
	h := make(http.Header, 2)
	r.problem.Header(h)
	h.Del("Content-Type") // huma sets it
	return h
}

// ContentType keeps the answer application/json.
func (refusal) ContentType(string) string { return MediaJSON }

// translateErrors replaces the errors that huma makes before a handler runs:
// query parameters that it cannot read, and bodies that are too large or
// missing.
func translateErrors(ctx huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	e, ok := ctx.(*exchange)
	if !ok {
		return nil, errors.New("huma answered outside of an exchange")
	}
	p := translate(model, ctx.Operation())
	e.status = p.Status
	ctx.SetHeader("Content-Type", MediaJSON)
	return p, nil
}

func translate(model *huma.ErrorModel, op *huma.Operation) *problem.Error {
	switch model.Status {
	case http.StatusRequestEntityTooLarge:
		limit := op.MaxBodyBytes - 1
		return &problem.Error{
			Status: model.Status, Code: problem.CodeTooLarge,
			Message: fmt.Sprintf("The body is larger than %d bytes.", limit),
			Details: map[string]any{"limit": limit, "setting": "POSTHASTE_CONTROL_MAX_BODY_BYTES"},
		}
	case http.StatusUnprocessableEntity:
		return problem.Validation(fields(model.Errors)...)
	case http.StatusBadRequest:
		return problem.Validation(problem.Field{Message: "a JSON object is required as the body"})
	case http.StatusRequestTimeout, http.StatusInternalServerError: // the client stopped sending
		return problem.Validation(problem.Field{Message: "the body could not be read to its end"})
	default:
		return problem.From(model)
	}
}

// fields names parameters as the client does: "limit", not "query.limit".
func fields(details []*huma.ErrorDetail) []problem.Field {
	all := make([]problem.Field, len(details))
	for i, d := range details {
		_, name, _ := strings.Cut(d.Location, ".")
		all[i] = problem.Field{Field: name, Message: d.Message}
	}
	return all
}
