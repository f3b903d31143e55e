package control

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/services/control/internal/rest"
)

// document is what the tests read of the OpenAPI document.
type document struct {
	OpenAPI    string
	Paths      map[string]map[string]operation
	Components struct {
		Schemas map[string]struct {
			Properties           map[string]any
			AdditionalProperties any
			Required             []string
		}
	}
}

type operation struct {
	Parameters []struct {
		Name, In string
		Required bool
	}
	Security    []map[string][]string
	Responses   map[string]struct{ Content map[string]any }
	RequestBody *struct {
		Required bool
		Content  map[string]struct{ Schema map[string]any }
	}
}

func (o operation) takes(in, name string) bool {
	for _, p := range o.Parameters {
		if p.In == in && p.Name == name {
			return true
		}
	}
	return false
}

// served is one operation of the document.
type served struct {
	method, path string
	operation
}

// all are the operations of the document: a test that visits them holds what is
// added later to the same.
func (d document) all() []served {
	var all []served // by path, and DELETE before PUT: what a PUT makes is the caller's own
	for path, methods := range d.Paths {
		for method, op := range methods {
			all = append(all, served{strings.ToUpper(method), path, op})
		}
	}
	slices.SortFunc(all, func(a, b served) int {
		return cmp.Or(strings.Compare(a.path, b.path), strings.Compare(a.method, b.method))
	})
	return all
}

// endless says whether the answer is a stream.
func (s served) endless() bool { return strings.HasSuffix(s.path, "/stream") }

// body is what every operation that takes one can read.
func (s served) body() string {
	if s.method == http.MethodGet || s.method == http.MethodDelete {
		return ""
	}
	return "{}"
}

// describedBy is the document that the handler serves.
func describedBy(t *testing.T, handler http.Handler) document {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, rest.OpenAPIPath, nil)
	r.Header.Set("Authorization", "Bearer "+adminKey)
	handler.ServeHTTP(w, r)
	return decoded[document](t, w.Body.String())
}

// check holds an answer to what is described of its operation.
func (d document) check(t *testing.T, r *http.Request, status int) {
	t.Helper()
	for path, methods := range d.Paths {
		op, ok := methods[strings.ToLower(r.Method)]
		if !ok || !leads(path, r.URL.Path) {
			continue
		}
		if _, described := op.Responses[strconv.Itoa(status)]; !described {
			t.Errorf("%s %s answers %d, which is not described", r.Method, path, status)
		}
	}
}

// leads says whether a path of the document stands for the actual one.
func leads(described, actual string) bool {
	want, got := strings.Split(described, "/"), strings.Split(actual, "/")
	for i := range want {
		if len(got) != len(want) || want[i] != got[i] && !strings.HasPrefix(want[i], "{") {
			return false
		}
	}
	return true
}
