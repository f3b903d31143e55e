// Package rest is what the resources of control's API have in common: bodies,
// errors, tenants, and the OpenAPI document that is made from the handlers'
// types.
package rest

import (
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/version"
)

// Authenticator says who a request comes from; *auth.Keys is one. Its error is
// a 401.
type Authenticator interface {
	Authenticate(*http.Request) (auth.Principal, error)
}

// Options are what an API works with.
type Options struct {
	Config Config
	Keys   Authenticator
	Log    *slog.Logger
	// Within, where not nil, is put between authentication and the operations.
	Within func(http.Handler) http.Handler
}

// API is a set of operations that speak our JSON and our errors. Make one,
// Handle the operations, then take its Handler.
type API struct {
	Options
	mux  *http.ServeMux
	huma huma.API
	// scopes are what the operations need, by the patterns of the mux.
	scopes map[string]auth.Scopes
	// endless are the patterns of those whose answer is a stream.
	endless map[string]bool
}

// securityScheme is how the document calls keys.
const securityScheme = "key"

// New makes an API without operations.
//
// huma makes errors with the global huma.NewError. That stays as it is, for
// other APIs may share the process: errors of its own making are turned into
// ours by this API's transformer, and the handlers return ours themselves.
func New(opts Options) *API {
	a := &API{Options: opts, mux: http.NewServeMux(), scopes: make(map[string]auth.Scopes), endless: make(map[string]bool)}
	config := huma.DefaultConfig("Posthaste", version.Version)
	config.Info.Description = "Events in, signed POSTs out. Errors are {\"error\":{code,message,details}}."
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", "" // describe serves the one that is wanted
	config.CreateHooks = nil                                             // no $schema members and Link headers in answers
	config.RejectUnknownQueryParameters = true
	config.Formats = map[string]huma.Format{
		MediaJSON: {Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshal},
		// The type of huma's errors, which the transformer replaces.
		"json": huma.DefaultJSONFormat,
	}
	config.Transformers = []huma.Transformer{translateErrors}
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		securityScheme: {Type: "http", Scheme: "bearer", Description: "An API key. An operation names the scopes that it needs."},
	}
	config.Security = []map[string][]string{{securityScheme: {}}}
	a.huma = humago.New(a.mux, config)
	a.huma.UseMiddleware(a.exchange)
	return a
}
