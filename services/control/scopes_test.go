package control

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/auth"
)

// scopeTable is which scope each operation needs. One that is added is added here
// too, on purpose.
const scopeTable = `
admin           GET    /v1/api-keys
admin           POST   /v1/api-keys
admin           GET    /v1/api-keys/{id}
admin           DELETE /v1/api-keys/{id}
admin           GET    /v1/audit
admin           POST   /v1/audit/open
admin           GET    /v1/tenants
admin           GET    /v1/tenants/{name}
admin           PUT    /v1/tenants/{name}
admin           DELETE /v1/tenants/{name}
admin           PUT    /v1/event-types
admin           PUT    /v1/event-types/{name}
admin           DELETE /v1/event-types/{name}
events:read     GET    /v1/event-types
events:read     GET    /v1/event-types/{name}
events:read     GET    /v1/events
events:read     GET    /v1/events/stream
events:read     GET    /v1/task-events/stream
webhooks:read   GET    /v1/deliveries
webhooks:read   GET    /v1/deliveries/{id}
webhooks:read   GET    /v1/dialects
webhooks:read   GET    /v1/endpoints
webhooks:read   GET    /v1/event-subscriptions
webhooks:read   GET    /v1/event-subscriptions/{id}
webhooks:read   GET    /v1/event-subscriptions/{id}/replays
webhooks:read   GET    /v1/replays/{id}
webhooks:read   GET    /v1/webhook
webhooks:read   GET    /v1/webhook/deliveries
webhooks:read   GET    /v1/webhooks
webhooks:read   GET    /v1/webhooks/{id}
webhooks:write  POST   /v1/deliveries/{id}/redeliver
webhooks:write  POST   /v1/event-subscriptions
webhooks:write  PATCH  /v1/event-subscriptions/{id}
webhooks:write  DELETE /v1/event-subscriptions/{id}
webhooks:write  POST   /v1/event-subscriptions/{id}/disable
webhooks:write  POST   /v1/event-subscriptions/{id}/enable
webhooks:write  POST   /v1/event-subscriptions/{id}/replay
webhooks:write  POST   /v1/event-subscriptions/{id}/rotate-secret
webhooks:write  POST   /v1/event-subscriptions/{id}/test
webhooks:write  DELETE /v1/replays/{id}
webhooks:write  PUT    /v1/webhook
webhooks:write  DELETE /v1/webhook
webhooks:write  POST   /v1/webhook/test
webhooks:write  POST   /v1/webhooks
webhooks:write  DELETE /v1/webhooks/{id}
`

// scope is what the document says that the operation needs.
func (s served) scope(t *testing.T) auth.Scopes {
	t.Helper()
	if len(s.Security) != 1 || len(s.Security[0]["key"]) != 1 {
		t.Fatalf("%s %s needs %v", s.method, s.path, s.Security)
	}
	scope, ok := auth.ScopeNamed(s.Security[0]["key"][0])
	if !ok {
		t.Fatalf("%s %s needs %v", s.method, s.path, s.Security)
	}
	return scope
}

func TestScopesOfOperations(t *testing.T) {
	t.Parallel()
	var want, got []string
	for line := range strings.Lines(strings.TrimSpace(scopeTable)) {
		want = append(want, strings.Join(strings.Fields(line), " "))
	}
	for _, op := range start(t).doc.all() {
		got = append(got, op.scope(t).String()+" "+op.method+" "+op.path)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A key that has every scope but that of the operation is refused, whatever else
// is wrong; one that has that scope alone is not.
func TestScopesAreNeeded(t *testing.T) {
	t.Parallel()
	h := start(t, func(c *Config, _ *Deps) { c.API.RequestTimeout = time.Second }) // no dispatcher answers a test
	theirs := h.acmes(t)
	lacking, having := map[auth.Scopes]string{}, map[auth.Scopes]string{}
	for _, name := range auth.ScopeNames() {
		scope, _ := auth.ScopeNamed(name)
		lacking[scope] = h.key(t, `"tenant":"acme"`, auth.AllScopes&^scope).Key
		having[scope] = h.key(t, `"tenant":"acme"`, scope).Key
	}
	for _, op := range h.doc.all() {
		scope, path := op.scope(t), concrete(t, theirs, op.path)
		for _, to := range []string{path, op.path, path + "?nothing=1"} {
			a := h.as(t, call{lacking[scope], "text/plain"}, op.method, to, "no JSON", "Idempotency-Key", "the-same-key")
			if e := a.refused(t, http.StatusForbidden, "insufficient_scope"); !strings.Contains(e.Error.Message, scope.String()) {
				t.Errorf("%s %s: %s", op.method, to, a.Text)
			}
		}
		method := op.method
		if op.endless() {
			method = http.MethodHead // which has no body to read to its end
		}
		if a := h.as(t, call{having[scope], rest.MediaJSON}, method, path, op.body()); a.Status == http.StatusForbidden {
			t.Errorf("%s %s with %s: %s", op.method, path, scope, a.Text)
		}
	}
	// The description is everybody's who has a key.
	if a := h.as(t, call{having[auth.EventsWrite], ""}, http.MethodGet, rest.OpenAPIPath, ""); a.Status != http.StatusOK {
		t.Errorf("%d %s", a.Status, a.Text)
	}
}
