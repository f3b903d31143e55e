package control

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/posthaste/posthaste/services/internal/problem"
)

const (
	collection  = "/v1/event-subscriptions"
	resource    = collection + "/{id}"
	openAPIPath = "/v1/openapi.json"
)

// routes builds the handler: authentication, then the API, then a 405 for its
// paths and a 404 for all others.
func (s *Service) routes() error {
	mux := http.NewServeMux()
	api := s.newAPI(mux)
	s.register(api)
	description, err := describe(api)
	if err != nil {
		return err
	}
	for path, item := range api.OpenAPI().Paths {
		mux.Handle(path, s.wrongMethod(methods(item)))
	}
	mux.Handle("GET "+openAPIPath, description)
	mux.Handle(openAPIPath, s.wrongMethod([]string{http.MethodGet, http.MethodHead}))
	mux.HandleFunc("/", s.unknownPath)
	s.paths = []string{collection, collection + "/", openAPIPath}
	s.handler = s.authenticated(mux)
	return nil
}

// methods are those of a path, as the Allow header names them.
func methods(item *huma.PathItem) []string {
	all := map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodHead: item.Get, // the mux answers HEAD with GET
		http.MethodPost: item.Post, http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
	}
	maps.DeleteFunc(all, func(_ string, op *huma.Operation) bool { return op == nil })
	return slices.Sorted(maps.Keys(all))
}

// authenticated lets only known keys in. It comes before everything else: a
// stranger learns not even which paths there are.
func (s *Service) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := s.deps.Keys.Authenticate(r)
		if err != nil {
			problem.Write(w, r, s.log, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(withPrincipal(r.Context(), who)))
	})
}

func (s *Service) unknownPath(w http.ResponseWriter, r *http.Request) {
	problem.Write(w, r, s.log, problem.NotFound("There is nothing at this path."))
}

func (s *Service) wrongMethod(allowed []string) http.Handler {
	list := strings.Join(allowed, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", list)
		problem.Write(w, r, s.log, &problem.Error{
			Status: http.StatusMethodNotAllowed, Code: problem.CodeMethodNotAllowed,
			Message: "This path takes " + list + ".",
		})
	})
}
