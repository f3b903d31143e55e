package control

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthaste/posthaste/services/control/internal/rest"
)

// The document names what is served, and what it names is served.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	h := start(t)
	a := h.do(t, http.MethodGet, rest.OpenAPIPath, "")
	doc := decoded[struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			Responses   map[string]json.RawMessage
			RequestBody struct {
				Content map[string]struct {
					Schema map[string]string
				}
			}
		}
		Components struct {
			Schemas map[string]struct {
				Properties           map[string]any
				AdditionalProperties any
				Required             []string
			}
		}
	}](t, a.Text)
	if a.Status != http.StatusOK || !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Fatalf("%d, OpenAPI %q", a.Status, doc.OpenAPI)
	}
	var got []string
	for path, methods := range doc.Paths {
		for method := range methods {
			got = append(got, strings.ToUpper(method)+" "+path)
			served := h.do(t, strings.ToUpper(method), strings.ReplaceAll(path, "{id}", "evsub_x"), "")
			if served.Status == http.StatusMethodNotAllowed || strings.Contains(served.Text, "nothing at this path") {
				t.Errorf("%s %s is described and not served: %s", method, path, served.Text)
			}
		}
	}
	slices.Sort(got)
	want := []string{
		"DELETE " + resource, "GET " + collection, "GET " + resource, "PATCH " + resource,
		"POST " + collection, "POST " + resource + "/disable", "POST " + resource + "/enable",
		"POST " + resource + "/rotate-secret", "POST " + resource + "/test",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	statuses := slices.Sorted(maps.Keys(doc.Paths[collection]["post"].Responses))
	if diff := cmp.Diff([]string{"201", "400", "401", "403", "409", "413", "415", "503"}, statuses); diff != "" {
		t.Error(diff)
	}
	body := doc.Paths[collection]["post"].RequestBody.Content[rest.MediaJSON].Schema["$ref"]
	create := doc.Components.Schemas["CreateEventSubscriptionRequest"]
	if !strings.HasSuffix(body, "/CreateEventSubscriptionRequest") || create.AdditionalProperties != false || !slices.Equal(create.Required, []string{"url", "eventTypes"}) {
		t.Errorf("create takes %s: %+v", body, create)
	}
	view := doc.Components.Schemas["EventSubscription"]
	if view.AdditionalProperties != nil {
		t.Error("a client that validates answers would break on new members")
	}
	for _, member := range []string{"secretPrefix", "failCount", "retryPolicy", "disabledAt"} {
		if view.Properties[member] == nil {
			t.Errorf("%s is not described", member)
		}
	}
	if strings.Contains(a.Text, "ErrorModel") || strings.Contains(a.Text, "problem+json") {
		t.Error("the document describes errors that are never sent")
	}
}
