package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// OpenAPIPath is where the description of the API is served.
const OpenAPIPath = "/v1/openapi.json"

// describe serves the API's OpenAPI document, encoded once: huma's own handler
// does it on the first request, without a lock.
func (a *API) describe() (http.HandlerFunc, error) {
	document := a.huma.OpenAPI()
	tidy(document.Components.Schemas.Map())
	text, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("encode OpenAPI: %w", err)
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(text) // the client may be gone
	}, nil
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
