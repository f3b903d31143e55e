package rest

import (
	"context"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/problem"
)

// Operation is one method of one path.
type Operation struct {
	ID, Tag, Method, Path, Summary string
	// Scope is what a key needs for it.
	Scope auth.Scopes
	// Status of a success; 0 for 200.
	Status int
	// Body says that the operation takes one.
	Body bool
	// Also is another status of a success, with a body of the same form; 0 for
	// none.
	Also int
	// Further are the errors that it has beside those that all have.
	Further []int
}

// ByMethod is the one scope for operations that read, and the other for those that
// change something.
func ByMethod(method string, read, write auth.Scopes) auth.Scopes {
	if method == http.MethodGet {
		return read
	}
	return write
}

// Error is how errors look in the OpenAPI; package problem writes them.
type Error struct {
	Error ErrorDetails `json:"error"`
}

// ErrorDetails is what went wrong.
type ErrorDetails struct {
	Code    string         `json:"code"`
	Message string         `json:"message"`
	Details map[string]any `json:"details" doc:"fields: [{field, message}] where the code is validation_error."`
}

// Handle puts an operation on the API. handle returns our errors.
func Handle[I, O any](a *API, op Operation, handle func(context.Context, *I) (*O, error)) {
	described := a.describeOperation(op)
	huma.Register(a.huma, described, answering(a, handle))
	if op.Also != 0 {
		also := *described.Responses[strconv.Itoa(op.Status)]
		also.Description = http.StatusText(op.Also)
		described.Responses[strconv.Itoa(op.Also)] = &also
	}
}

func (a *API) describeOperation(op Operation) huma.Operation {
	a.scopes[op.Method+" "+op.Path] = op.Scope
	described := huma.Operation{
		Security:    []map[string][]string{{securityScheme: op.Scope.Names()}},
		OperationID: op.ID, Tags: []string{op.Tag}, Method: op.Method, Path: op.Path, DefaultStatus: op.Status, Summary: op.Summary,
		MaxBodyBytes: int64(a.Config.MaxBodyBytes) + 1, // huma refuses a body that reaches it
		// The body is checked when it is decoded.
		SkipValidateBody: true,
		Responses:        map[string]*huma.Response{},
	}
	failures := append([]int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusServiceUnavailable}, op.Further...)
	if op.Body {
		failures = append(failures, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if op.Method == http.MethodPost { // any may have an Idempotency-Key
		failures = append(failures, http.StatusConflict, http.StatusRequestEntityTooLarge)
	}
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Error](), true, "")
	for _, code := range failures {
		described.Responses[strconv.Itoa(code)] = &huma.Response{
			Description: http.StatusText(code),
			Content:     map[string]*huma.MediaType{MediaJSON: {Schema: schema}},
		}
	}
	return described
}

// answering turns the error of a handler into what huma answers with, and logs
// what the client is not told.
func answering[I, O any](a *API, handle func(context.Context, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err == nil {
			return out, nil
		}
		p := problem.From(unavailable(err))
		if p.Cause != nil {
			a.Log.ErrorContext(ctx, "request failed", "status", p.Status, "error", p.Cause)
		}
		return nil, refusal{problem: p}
	}
}
