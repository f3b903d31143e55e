package control

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/auth"
)

func TestStrangersGetNothing(t *testing.T) {
	t.Parallel()
	h := start(t)
	for _, op := range h.doc.all() {
		path := strings.NewReplacer("{id}", "evsub_x", "{name}", "x").Replace(op.path)
		for _, key := range []string{"", "wrong-key-of-somebody"} {
			h.as(t, call{key, "text/plain"}, op.method, path+"?nothing=1", "no JSON").refused(t, http.StatusUnauthorized, "unauthorized")
		}
	}
}

// mark is in all that acme has.
const mark = "mark-of-acme"

// acmes makes one of everything for the tenant acme, and returns the paths that
// lead there, by the paths of the OpenAPI document without what follows {id}.
func (h *harness) acmes(t *testing.T) map[string]string {
	t.Helper()
	acme := call{"tenant-acme", rest.MediaJSON}
	made := h.as(t, acme, http.MethodPost, collection, `{"url":"https://example.com/`+mark+`","eventTypes":["task.*"]}`).one(t, http.StatusCreated).Data
	type answer struct {
		ID   string
		Data struct{ ID string }
	}
	hook := h.as(t, acme, http.MethodPost, "/v1/webhooks", `{"url":"https://example.com/`+mark+`","events":["a"],"secret":"s"}`)
	h.as(t, acme, http.MethodPut, "/v1/webhook", `{"url":"https://example.com/`+mark+`"}`)
	replay := h.as(t, acme, http.MethodPost, collection+"/"+made.ID+"/replay", `{}`)
	h.publish(t, "acme", "task.created", "evt_"+mark, `{}`)
	h.past(t, attempt("acme", made.ID, "dlv_"+mark))
	h.as(t, acme, http.MethodPut, "/v1/event-types/"+mark, `{}`)
	h.do(t, http.MethodPut, "/v1/tenants/acme", `{"dialect":"standard"}`)
	key := h.key(t, `"tenant":"acme","description":"`+mark+`"`, auth.AllScopes)
	return map[string]string{
		collection + "/{id}": collection + "/" + made.ID, "/v1/webhooks/{id}": "/v1/webhooks/" + decoded[answer](t, hook.Text).ID,
		"/v1/replays/{id}": "/v1/replays/" + decoded[answer](t, replay.Text).Data.ID, "/v1/deliveries/{id}": "/v1/deliveries/dlv_" + mark,
		"/v1/event-types/{name}": "/v1/event-types/" + mark, "/v1/tenants/{name}": "/v1/tenants/acme",
		"/v1/api-keys/{id}": "/v1/api-keys/" + key.ID,
	}
}

// concrete is a path of the document that leads to acme's.
func concrete(t *testing.T, theirs map[string]string, path string) string {
	t.Helper()
	at := strings.Index(path, "}")
	if at < 0 {
		return path
	}
	stem, ok := theirs[path[:at+1]]
	if !ok {
		t.Fatalf("%s leads to what this test has none of: make one in acmes", path)
	}
	return stem + path[at+1:]
}

// shown is all that acme has, as an operator sees it.
func (h *harness) shown(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, path := range []string{
		collection + "?tenant=acme", "/v1/webhook?tenant=acme", "/v1/webhooks?agentAid=acme", "/v1/event-types?tenant=acme",
		"/v1/deliveries?tenant=acme", "/v1/endpoints?tenant=acme&sort=delivered", "/v1/events?tenant=acme", "/v1/tenants/acme", "/v1/api-keys?tenant=acme",
	} {
		a := h.do(t, http.MethodGet, path, "")
		if a.Status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, a.Status, a.Text)
		}
		all.WriteString(a.Text)
	}
	return all.String()
}

// Another tenant's key, with every scope, on every route: by the ids of acme's
// things, by its name, and with neither.
func TestForeignTenants(t *testing.T) {
	t.Parallel()
	h := start(t)
	theirs := h.acmes(t)
	globex := call{h.key(t, `"tenant":"globex"`, auth.AllScopes).Key, rest.MediaJSON}
	before := h.shown(t)
	for _, op := range h.doc.all() {
		path := concrete(t, theirs, op.path)
		for _, name := range []string{"tenant", "agentAid"} {
			if !op.takes("query", name) {
				continue
			}
			a := h.as(t, globex, op.method, path+"?"+name+"=acme", op.body())
			if a.Status != http.StatusForbidden && a.Status != http.StatusNotFound {
				t.Errorf("%s %s by name: %d %s", op.method, path, a.Status, a.Text)
			}
			op.hides(t, theirs, a)
		}
		if op.endless() { // TestStream reads them: nothing of another tenant comes
			continue
		}
		a := h.as(t, globex, op.method, path, op.body())
		op.hides(t, theirs, a)
		if op.ofOthers(path) && a.Status != http.StatusNotFound {
			t.Errorf("%s %s: %d %s", op.method, path, a.Status, a.Text)
		}
		if op.lists() && !strings.Contains(a.Text, `"data":[]`) {
			t.Errorf("%s %s lists %s", op.method, path, a.Text)
		}
	}
	if after := h.shown(t); after != before {
		t.Errorf("acme's were changed:\n%s\n%s", before, after)
	}
	if a := h.as(t, globex, http.MethodGet, keysPath, ""); strings.Count(a.Text, `"id"`) != 1 || strings.Contains(a.Text, mark) {
		t.Errorf("globex has its own key alone: %s", a.Text)
	}
}

// ofOthers says whether the path leads to one thing of a tenant. A tenant may have
// an event type of the same name as another's, so it can be put.
func (s served) ofOthers(path string) bool {
	return path != s.path && (s.method != http.MethodPut || s.path != "/v1/event-types/{name}")
}

// lists says whether a tenant without anything gets an empty list.
func (s served) lists() bool {
	full := []string{"/v1/audit", "/v1/dialects", "/v1/event-types", keysPath, "/v1/webhook"} // of all tenants, or globex has one
	return s.method == http.MethodGet && !strings.Contains(s.path, "{") && !slices.Contains(full, s.path)
}

// hides holds where nothing of acme's is in the answer, or in its headers.
func (s served) hides(t *testing.T, theirs map[string]string, a answer) {
	t.Helper()
	var headers strings.Builder
	if err := a.Header.Write(&headers); err != nil {
		t.Fatal(err)
	}
	secrets := []string{"https://example.com/" + mark, "evt_" + mark}
	for path, to := range theirs {
		if strings.HasSuffix(path, "{id}") {
			secrets = append(secrets, to[strings.LastIndex(to, "/")+1:])
		}
	}
	for _, secret := range secrets {
		if strings.Contains(a.Text+headers.String(), secret) {
			t.Errorf("%s %s: %d, and %s of acme's: %s%s", s.method, s.path, a.Status, secret, headers.String(), a.Text)
		}
	}
}
