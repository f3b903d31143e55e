package control

import (
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// errorBody is how errors look in the OpenAPI; package problem writes them.
type errorBody struct {
	Error struct {
		Code    string         `json:"code"`
		Message string         `json:"message"`
		Details map[string]any `json:"details" doc:"fields: [{field, message}] where the code is validation_error."`
	} `json:"error"`
}

// register puts the operations on the API.
func (s *Service) register(api huma.API) {
	const conflict, notFound = http.StatusConflict, http.StatusNotFound
	huma.Register(api, s.operation(api, "create", http.MethodPost, collection, http.StatusCreated, "Subscribe to events", conflict), answering(s, s.create))
	huma.Register(api, s.operation(api, "list", http.MethodGet, collection, http.StatusOK, "List the subscriptions of a tenant, oldest first"), answering(s, s.list))
	huma.Register(api, s.operation(api, "get", http.MethodGet, resource, http.StatusOK, "Read a subscription", notFound), answering(s, s.get))
	huma.Register(api, s.operation(api, "update", http.MethodPatch, resource, http.StatusOK, "Change a subscription", notFound, conflict), answering(s, s.update))
	huma.Register(api, s.operation(api, "delete", http.MethodDelete, resource, http.StatusAccepted, "Remove a subscription for good", notFound, conflict), answering(s, s.remove))
	huma.Register(api, s.operation(api, "enable", http.MethodPost, resource+"/enable", http.StatusOK, "Deliver again, and forget the failures", notFound, conflict), answering(s, s.enable))
	huma.Register(api, s.operation(api, "disable", http.MethodPost, resource+"/disable", http.StatusOK, "Deliver nothing until it is enabled", notFound, conflict), answering(s, s.disable))
	tidy(api.OpenAPI().Components.Schemas.Map())
}

// tidy drops the schemas of huma's own errors, which are never sent, and keeps
// answers open for members to come.
func tidy(schemas map[string]*huma.Schema) {
	for name, schema := range schemas {
		switch {
		case name == "ErrorModel" || name == "ErrorDetail":
			delete(schemas, name)
		case !strings.HasSuffix(name, "Request"):
			schema.AdditionalProperties = nil
		}
	}
}

// schemaName is what the OpenAPI calls a type.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	if public, ok := map[string]string{
		"View": "EventSubscription", "OneBody": "EventSubscriptionAnswer", "ListBody": "EventSubscriptionList",
		"RetryView": "EventSubscriptionRetryPolicy", "ShownFilters": "EventSubscriptionFilters",
		"CreateRequest": "CreateEventSubscriptionRequest", "Filters": "CreateFiltersRequest", "RetryPolicy": "CreateRetryPolicyRequest",
		"PatchRequest": "PatchEventSubscriptionRequest", "PatchFilters": "PatchFiltersRequest", "PatchRetryPolicy": "PatchRetryPolicyRequest",
		"ErrorBody": "Error", "ErrorBodyErrorStruct": "ErrorDetails",
	}[name]; ok {
		return public
	}
	return name
}

func (s *Service) operation(api huma.API, verb, method, path string, status int, summary string, further ...int) huma.Operation {
	op := huma.Operation{
		OperationID: verb + "-event-subscription", Tags: []string{"event-subscriptions"},
		Method: method, Path: path, DefaultStatus: status, Summary: summary,
		MaxBodyBytes: int64(s.cfg.MaxBodyBytes) + 1, // huma refuses a body that reaches it
		// The body is checked when it is decoded.
		SkipValidateBody: true,
		Responses:        map[string]*huma.Response{},
	}
	failures := append([]int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusServiceUnavailable}, further...)
	if method == http.MethodPatch || path == collection && method == http.MethodPost {
		failures = append(failures, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[errorBody](), true, "")
	for _, code := range failures {
		op.Responses[strconv.Itoa(code)] = &huma.Response{
			Description: http.StatusText(code),
			Content:     map[string]*huma.MediaType{mediaJSON: {Schema: schema}},
		}
	}
	return op
}
