package control

import (
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
	doc := h.doc
	if a.Status != http.StatusOK || !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Fatalf("%d, OpenAPI %q", a.Status, doc.OpenAPI)
	}
	var got []string
	for path, methods := range doc.Paths {
		for method := range methods {
			got = append(got, strings.ToUpper(method)+" "+path)
			if strings.HasSuffix(path, "/stream") {
				continue // it has no end; the tests of the streams read it
			}
			served := h.do(t, strings.ToUpper(method), strings.NewReplacer("{id}", "evsub_x", "{name}", "x").Replace(path), "")
			if served.Status == http.StatusMethodNotAllowed || strings.Contains(served.Text, "nothing at this path") {
				t.Errorf("%s %s is described and not served: %s", method, path, served.Text)
			}
		}
	}
	slices.Sort(got)
	want := strings.Fields(`
		DELETE /v1/api-keys/{id}
		DELETE /v1/event-subscriptions/{id}
		DELETE /v1/event-types/{name}
		DELETE /v1/replays/{id}
		DELETE /v1/tenants/{name}
		DELETE /v1/webhook
		DELETE /v1/webhooks/{id}
		GET /v1/api-keys
		GET /v1/api-keys/{id}
		GET /v1/audit
		GET /v1/deliveries
		GET /v1/deliveries/{id}
		GET /v1/dialects
		GET /v1/endpoints
		GET /v1/event-subscriptions
		GET /v1/event-subscriptions/{id}
		GET /v1/event-subscriptions/{id}/replays
		GET /v1/event-types
		GET /v1/event-types/{name}
		GET /v1/events
		GET /v1/events/stream
		GET /v1/replays/{id}
		GET /v1/task-events/stream
		GET /v1/tenants
		GET /v1/tenants/{name}
		GET /v1/webhook
		GET /v1/webhook/deliveries
		GET /v1/webhooks
		GET /v1/webhooks/{id}
		PATCH /v1/event-subscriptions/{id}
		POST /v1/api-keys
		POST /v1/audit/open
		POST /v1/deliveries/{id}/redeliver
		POST /v1/event-subscriptions
		POST /v1/event-subscriptions/{id}/disable
		POST /v1/event-subscriptions/{id}/enable
		POST /v1/event-subscriptions/{id}/replay
		POST /v1/event-subscriptions/{id}/rotate-secret
		POST /v1/event-subscriptions/{id}/test
		POST /v1/webhook/test
		POST /v1/webhooks
		PUT /v1/event-types
		PUT /v1/event-types/{name}
		PUT /v1/tenants/{name}
		PUT /v1/webhook`)
	want = slices.Collect(func(yield func(string) bool) {
		for pair := range slices.Chunk(want, 2) {
			if !yield(pair[0] + " " + pair[1]) {
				return
			}
		}
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	statuses := slices.Sorted(maps.Keys(doc.Paths[collection]["post"].Responses))
	if diff := cmp.Diff([]string{"200", "201", "400", "401", "403", "409", "413", "415", "429", "503"}, statuses); diff != "" {
		t.Error(diff)
	}
	body, _ := doc.Paths[collection]["post"].RequestBody.Content[rest.MediaJSON].Schema["$ref"].(string)
	create := doc.Components.Schemas["CreateEventSubscriptionRequest"]
	if !strings.HasSuffix(body, "/CreateEventSubscriptionRequest") || create.AdditionalProperties != false || !slices.Equal(create.Required, []string{"url", "eventTypes"}) {
		t.Errorf("create takes %s: %+v", body, create)
	}
	view := doc.Components.Schemas["EventSubscription"]
	if view.AdditionalProperties != nil {
		t.Error("a client that validates answers would break on new members")
	}
	for _, member := range []string{"secretPrefix", "failCount", "retryPolicy", "rateLimit", "disabledAt"} {
		if view.Properties[member] == nil {
			t.Errorf("%s is not described", member)
		}
	}
	rate := doc.Components.Schemas["RateLimitRequest"]
	if rate.AdditionalProperties != false || !slices.Equal(rate.Required, []string{"deliveries", "per"}) || create.Properties["rateLimit"] == nil {
		t.Errorf("create takes the rate %+v", rate)
	}
	for name, schema := range doc.Components.Schemas {
		if strings.HasSuffix(name, "Request") != (schema.AdditionalProperties == false) {
			t.Errorf("%s: additionalProperties %v", name, schema.AdditionalProperties)
		}
	}
	if strings.Contains(a.Text, "ErrorModel") || strings.Contains(a.Text, "problem+json") {
		t.Error("the document describes errors that are never sent")
	}
}

// What creates may be sent again, and what is of a tenant can be asked for by
// an operator in its name.
func TestParameters(t *testing.T) {
	t.Parallel()
	for _, op := range start(t).doc.all() {
		name := op.method + " " + op.path
		_, created := op.Responses["201"]
		_, accepted := op.Responses["202"]
		if op.method == http.MethodPost && (created || accepted) && !op.takes("header", "Idempotency-Key") {
			t.Errorf("%s takes no Idempotency-Key", name)
		}
		ofTenant := !strings.HasPrefix(op.path, "/v1/tenants") && !strings.HasPrefix(op.path, "/v1/audit") && op.path != "/v1/dialects" && name != "POST /v1/webhooks"
		if byName := op.takes("query", "tenant") || op.takes("query", "agentAid"); byName != ofTenant {
			t.Errorf("%s takes a tenant: %t", name, byName)
		}
		for _, p := range op.Parameters {
			if p.Required != (p.In == "path") {
				t.Errorf("%s: %s %s is required: %t", name, p.In, p.Name, p.Required)
			}
		}
		if _, media := op.Responses["415"]; media != (op.RequestBody != nil) {
			t.Errorf("%s: 415 is described: %t", name, media)
		}
	}
}
