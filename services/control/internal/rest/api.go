package control

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/posthaste/posthaste/services/internal/version"
)

// newAPI makes a huma API on mux that speaks our JSON and our errors.
//
// huma makes errors with the global huma.NewError. That stays as it is, for
// other APIs may share the process: errors of its own making are turned into
// ours by this API's transformer, and the handlers return ours themselves.
func (s *Service) newAPI(mux *http.ServeMux) huma.API {
	config := huma.DefaultConfig("Posthaste subscriptions", version.Version)
	config.Info.Description = "Who gets which events, and where. Errors are {\"error\":{code,message,details}}."
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", "" // describe serves the one that is wanted
	config.CreateHooks = nil                                             // no $schema members and Link headers in answers
	config.RejectUnknownQueryParameters = true
	config.Formats = map[string]huma.Format{
		mediaJSON: {Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshal},
		// The type of huma's errors, which the transformer replaces.
		"json": huma.DefaultJSONFormat,
	}
	config.Transformers = []huma.Transformer{translateErrors}
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key": {Type: "http", Scheme: "bearer", Description: "An API key."},
	}
	config.Security = []map[string][]string{{"key": {}}}
	api := humago.New(mux, config)
	api.UseMiddleware(s.exchange)
	return api
}

// describe serves the API's OpenAPI document, encoded once: huma's own handler
// does it on the first request, without a lock.
func describe(api huma.API) (http.HandlerFunc, error) {
	text, err := json.Marshal(api.OpenAPI())
	if err != nil {
		return nil, fmt.Errorf("encode OpenAPI: %w", err)
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(text) // the client may be gone
	}, nil
}
