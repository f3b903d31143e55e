package control

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/services/control/internal/eventtypes"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/control/internal/tenants"
)

const catalog = "/v1/event-types"

func oneType(t *testing.T, a answer) eventtypes.EventType {
	t.Helper()
	if a.Status != http.StatusOK {
		t.Fatalf("%d %s", a.Status, a.Text)
	}
	return decoded[eventtypes.EventTypeAnswer](t, a.Text).Data
}

func TestEventTypes(t *testing.T) {
	t.Parallel()
	h := start(t)
	acme := call{"tenant-acme", rest.MediaJSON}
	source := func(who call, query, name string) string {
		a := h.as(t, who, http.MethodGet, catalog+"/"+name+query, "")
		if a.Status != http.StatusOK {
			return strconv.Itoa(a.Status)
		}
		return oneType(t, a).Source
	}
	if got := source(acme, "", "ping"); got != "builtin" {
		t.Errorf("ping is of %s", got)
	}
	h.do(t, http.MethodPut, catalog+"/ping?scope=server", `{"description":"of the server"}`)
	if got := source(acme, "", "ping"); got != "server" {
		t.Errorf("ping is of %s", got)
	}
	made := oneType(t, h.as(t, acme, http.MethodPut, catalog+"/ping", `{"name":"ping","description":"ours","example":{"a":1},"schema":{"type":"object"},"deprecated":true,"sunset":"2026-06-30"}`))
	if made.Source != "tenant" || made.Sunset == nil || made.Sunset.Format("2006-01-02") != "2026-06-30" || string(made.Example) != `{"a":1}` || !made.Deprecated {
		t.Errorf("%+v", made)
	}
	if got := oneType(t, h.as(t, acme, http.MethodGet, catalog+"/ping", "")); got.Description != "ours" {
		t.Errorf("%+v", got)
	}
	if got := source(call{"tenant-globex", ""}, "", "ping"); got != "server" {
		t.Errorf("globex: %s", got)
	}
	list := decoded[eventtypes.EventTypeList](t, h.as(t, acme, http.MethodGet, catalog, "").Text)
	if len(list.Data) != 2 {
		t.Errorf("%+v", list)
	}
	oneType(t, h.as(t, acme, http.MethodDelete, catalog+"/ping", ""))
	if got := source(acme, "", "ping"); got != "server" {
		t.Errorf("after delete: %s", got)
	}
	h.as(t, acme, http.MethodDelete, catalog+"/ping", "").refused(t, http.StatusNotFound, "not_found")
	oneType(t, h.do(t, http.MethodDelete, catalog+"/ping?scope=server", ""))
	if got := source(acme, "", "ping"); got != "builtin" {
		t.Errorf("after delete of the server's: %s", got)
	}
	for _, c := range []struct{ method, path, body string }{
		{http.MethodGet, "", ""}, {http.MethodPut, "", `{}`}, {http.MethodGet, "/ping", ""}, {http.MethodPut, "/ping", `{}`}, {http.MethodDelete, "/ping", ""},
	} {
		h.as(t, acme, c.method, catalog+c.path+"?scope=server", c.body).refused(t, http.StatusForbidden, "insufficient_scope")
	}
}

func TestEventTypesRefuse(t *testing.T) {
	t.Parallel()
	h := start(t)
	for _, c := range []struct{ path, body, field, message string }{
		{"/a.b", `{"name":"a.c"}`, "name", "must be that of the path"},
		{"/a..b", `{}`, "name", ""},
		{"/a.b", `{"schema":{"type":"strin"}}`, "schema.type", ""},
		{"/a.b", `{"schema":{"properties":{"amount":{"type":7}}}}`, "schema.properties.amount.type", ""},
		{"/a.b", `{"schema":[]}`, "schema", ""},
		{"/a.b", `{"schema":{"type":"object"},"example":7}`, "example", "an object"},
		{"/a.b", `{"sunset":"soon"}`, "sunset", "a date such as 2026-06-30"},
		{"/a.b", `{"description":"` + rep("x", 5000) + `"}`, "description", "bytes"},
		{"/a.b", `{"deprecated":"yes"}`, "deprecated", "true or false"},
		{"/a.b", `{"unknown":1}`, "unknown", "unknown field"},
		{"?scope=world", `{}`, "scope", ""},
		{"", `{}`, "eventTypes", "1 to 100"},
		{"", `{"eventTypes":[{"name":"a"},{"name":"b..c"}]}`, "eventTypes[1].name", "empty token"},
		{"", `{"eventTypes":[{"name":"a"},{"name":"b"},{"name":"a"}]}`, "eventTypes[2].name", "is the same as eventTypes[0].name"},
		{"", `{"eventTypes":[{"name":"a"},{"name":"b","schema":{"type":"number"},"example":"x"}]}`, "eventTypes[1].example", "number"},
		{"", `{"eventTypes":[{"name":"a"},{}]}`, "eventTypes[1].name", ""},
		{"", `{"eventTypes":[{"name":"a"},{"name":"b","schema":{"type":"x"}}]}`, "eventTypes[1].schema.type", ""},
		{"", `{"eventTypes":[{"name":"a"},{"name":"b","sunset":"x"}]}`, "eventTypes[1].sunset", "a date"},
		{"", `{"eventTypes":[` + rep(`{"name":"a"},`, 100) + `{"name":"a"}]}`, "eventTypes", "has 101"},
	} {
		h.do(t, http.MethodPut, catalog+c.path, c.body).names(t, c.field, c.message)
	}
	for _, name := range []string{"a..b", "*", "%3E", "%00"} {
		for _, method := range []string{http.MethodGet, http.MethodDelete} {
			h.do(t, method, catalog+"/"+name, "").refused(t, http.StatusNotFound, "not_found")
		}
	}
	if a := h.do(t, http.MethodGet, catalog, ""); strings.Contains(a.Text, `"source":"tenant"`) {
		t.Errorf("something was stored all the same: %s", a.Text)
	}
	if a := h.do(t, http.MethodPut, catalog, `{"eventTypes":[{"name":"a"},{"name":"b"}]}`); len(decoded[eventtypes.EventTypeList](t, a.Text).Data) != 2 {
		t.Errorf("%d %s", a.Status, a.Text)
	}
}

func TestTenantSettings(t *testing.T) {
	t.Parallel()
	h := start(t)
	const path = "/v1/tenants"
	h.do(t, http.MethodGet, path+"/acme", "").refused(t, http.StatusNotFound, "not_found")
	a := h.do(t, http.MethodPut, path+"/acme", `{"dialect":"neiracore","eventTypeEnforcement":"known"}`)
	got := decoded[tenants.TenantAnswer](t, a.Text).Data
	if a.Status != http.StatusOK || got.Name != "acme" || got.Dialect == nil || *got.Dialect != "neiracore" || got.Enforcement == nil || *got.Enforcement != "known" {
		t.Errorf("%d %s", a.Status, a.Text)
	}
	sub := h.as(t, call{"tenant-acme", rest.MediaJSON}, http.MethodPost, collection, with(`"secret":"s"`)).one(t, http.StatusCreated).Data
	if sub.Dialect != "neiracore" || sub.DisableAfter != 1 {
		t.Errorf("%+v", sub)
	}
	a = h.do(t, http.MethodPut, path+"/acme", `{"dialect":null}`) // a PUT: what is left out is reset
	if next := decoded[tenants.TenantAnswer](t, a.Text).Data; next.Dialect != nil || next.Enforcement != nil || next.CreatedAt != got.CreatedAt {
		t.Errorf("%s", a.Text)
	}
	if list := decoded[tenants.TenantList](t, h.do(t, http.MethodGet, path, "").Text); len(list.Data) != 1 {
		t.Errorf("%+v", list)
	}
	for _, c := range []struct{ name, body, field, message string }{
		{"acme", `{"dialect":"x"}`, "dialect", "known are agentrail"},
		{"acme", `{"dialect":""}`, "dialect", "is not known"},
		{"acme", `{"eventTypeEnforcement":"strict"}`, "eventTypeEnforcement", "off, schema, known"},
		{"a.b", `{}`, "name", ""},
		{"acme", `{"dialekt":"x"}`, "dialekt", "unknown field"},
	} {
		h.do(t, http.MethodPut, path+"/"+c.name, c.body).names(t, c.field, c.message)
	}
	if a := h.do(t, http.MethodDelete, path+"/acme", ""); a.Status != http.StatusOK {
		t.Errorf("%d %s", a.Status, a.Text)
	}
	for _, name := range []string{"acme", "a.b", "*", "%3E"} {
		h.do(t, http.MethodDelete, path+"/"+name, "").refused(t, http.StatusNotFound, "not_found")
		h.do(t, http.MethodGet, path+"/"+name, "").refused(t, http.StatusNotFound, "not_found")
	}
}

func TestDialectsAreListed(t *testing.T) {
	t.Parallel()
	h := start(t)
	a := h.as(t, call{key: "tenant-acme"}, http.MethodGet, "/v1/dialects", "")
	if a.Status != http.StatusOK || strings.Count(a.Text, `"default":true`) != 1 || !strings.Contains(a.Text, `"name":"aicity"`) {
		t.Errorf("%d %s", a.Status, a.Text)
	}
}
