package rest

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/posthaste/posthaste/services/internal/problem"
)

// Handler answers the operations that were put on the API: authentication
// first, then a 405 for other methods of their paths and a 404 for all other
// paths.
func (a *API) Handler() (http.Handler, error) {
	if err := a.checkScopes(); err != nil {
		return nil, err
	}
	description, err := a.describe()
	if err != nil {
		return nil, err
	}
	for path, item := range a.huma.OpenAPI().Paths {
		a.mux.Handle(path, a.wrongMethod(methods(item)))
	}
	a.mux.Handle("GET "+OpenAPIPath, description)
	a.mux.Handle(OpenAPIPath, a.wrongMethod([]string{http.MethodGet, http.MethodHead}))
	a.mux.HandleFunc("/", a.unknownPath)
	var within http.Handler = a.mux
	if a.Within != nil {
		within = a.Within(within)
	}
	return a.authenticated(within), nil
}

// methods are those of a path, as the Allow header names them.
func methods(item *huma.PathItem) []string {
	all := map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodHead: item.Get, // the mux answers HEAD with GET
		http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
	}
	maps.DeleteFunc(all, func(_ string, op *huma.Operation) bool { return op == nil })
	return slices.Sorted(maps.Keys(all))
}

func (a *API) unknownPath(w http.ResponseWriter, r *http.Request) {
	problem.Write(w, r, a.Log, problem.NotFound("There is nothing at this path."))
}

func (a *API) wrongMethod(allowed []string) http.Handler {
	list := strings.Join(allowed, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", list)
		problem.Write(w, r, a.Log, &problem.Error{
			Status: http.StatusMethodNotAllowed, Code: problem.CodeMethodNotAllowed,
			Message: "This path takes " + list + ".",
		})
	})
}
