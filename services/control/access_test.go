package control

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/services/control/internal/rest"
)

func TestAuthorizationComesFirst(t *testing.T) {
	t.Parallel()
	h := start(t)
	path := collection + "/" + h.created(t, valid).ID
	for _, c := range []struct{ method, path, contentType, body string }{
		{http.MethodGet, collection, "", ""},
		{http.MethodPost, collection, "text/plain", "no JSON"},
		{http.MethodPost, collection, rest.MediaJSON, strings.Repeat("x", 100_000)},
		{http.MethodGet, path, "", ""},
		{http.MethodPatch, path, rest.MediaJSON, `{"x":1}`},
		{http.MethodDelete, path, "", ""},
		{http.MethodPost, path + "/enable", "", ""},
		{http.MethodPost, path + "/disable", "", ""},
		{http.MethodGet, rest.OpenAPIPath, "", ""},
		{http.MethodPut, collection, "", ""},
		{http.MethodGet, "/v1/nothing", "", ""},
	} {
		for _, key := range []string{"", "wrong-key-of-somebody"} {
			a := h.as(t, call{key, c.contentType}, c.method, c.path, c.body)
			a.refused(t, http.StatusUnauthorized, "unauthorized")
			if a.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s %s: no WWW-Authenticate", c.method, c.path)
			}
		}
	}
	h.do(t, http.MethodGet, path, "").one(t, http.StatusOK)
}

func TestTenants(t *testing.T) {
	t.Parallel()
	h := start(t)
	acme, globex := call{"tenant-acme", rest.MediaJSON}, call{"tenant-globex", rest.MediaJSON}
	mine := h.as(t, acme, http.MethodPost, collection, valid).one(t, http.StatusCreated).Data
	if mine.Tenant != "acme" {
		t.Fatalf("tenant %q", mine.Tenant)
	}
	path := collection + "/" + mine.ID
	for _, c := range []struct{ method, path, body string }{
		{http.MethodGet, path, ""},
		{http.MethodPatch, path, `{"description":"stolen"}`},
		{http.MethodDelete, path, ""},
		{http.MethodPost, path + "/enable", ""},
		{http.MethodPost, path + "/disable", ""},
	} {
		h.as(t, globex, c.method, c.path, c.body).refused(t, http.StatusNotFound, "not_found")
		h.as(t, globex, c.method, c.path+"?tenant=acme", c.body).refused(t, http.StatusForbidden, "insufficient_scope")
		h.do(t, c.method, c.path+"?tenant=globex", c.body).refused(t, http.StatusNotFound, "not_found")
	}
	h.as(t, globex, http.MethodPost, collection, with(`"tenant":"acme"`)).refused(t, http.StatusForbidden, "insufficient_scope")
	h.as(t, globex, http.MethodGet, collection+"?tenant=acme", "").refused(t, http.StatusForbidden, "insufficient_scope")
	h.as(t, call{"tenant-", rest.MediaJSON}, http.MethodGet, collection, "").refused(t, http.StatusForbidden, "insufficient_scope")
	if got := h.as(t, globex, http.MethodGet, collection, "").many(t); len(got.Data) != 0 {
		t.Errorf("globex sees %+v", got.Data)
	}
	if got := h.as(t, acme, http.MethodGet, collection+"?tenant=acme", "").many(t); len(got.Data) != 1 {
		t.Errorf("acme sees %+v", got.Data)
	}
	for _, query := range []string{"", "?tenant=acme"} { // an operator finds it either way
		h.do(t, http.MethodGet, path+query, "").one(t, http.StatusOK)
	}
	h.do(t, http.MethodPost, collection+"?tenant=acme", with(`"tenant":"globex"`)).names(t, "tenant", "name one")
	for _, both := range []answer{
		h.do(t, http.MethodPost, collection+"?tenant=globex", with(`"tenant":"globex"`)), h.do(t, http.MethodPost, collection+"?tenant=globex", valid),
	} {
		if got := both.one(t, http.StatusCreated).Data.Tenant; got != "globex" {
			t.Errorf("tenant %q, want globex", got)
		}
	}
}

// The index of another control is behind: the bucket knows whose it is.
func TestFindsWhatTheIndexDoesNotHaveYet(t *testing.T) {
	t.Parallel()
	h := start(t)
	id := h.created(t, with(`"tenant":"acme"`)).ID
	empty := start(t)
	*empty.deps.Live.Store = *h.deps.Live.Store
	if got := empty.do(t, http.MethodGet, collection+"/"+id, "").one(t, http.StatusOK).Data; got.Tenant != "acme" {
		t.Errorf("%+v", got)
	}
}

func TestSecretIsShownOnce(t *testing.T) {
	t.Parallel()
	h := start(t)
	made := h.created(t, valid).Secret
	given := "whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret of the caller, 36 bytes lon"))
	refusedSecret := "whsec_not-base64-but-still-private"
	first := h.do(t, http.MethodPost, collection, with(`"secret":"`+given+`"`))
	if got := first.one(t, http.StatusCreated).Data; got.Secret != "" || got.SecretPrefix != given[:12] {
		t.Errorf("given secret: %+v", got)
	}
	sub, opened := h.opened(t, first.one(t, http.StatusCreated).Data.ID)
	if opened.GetSecrets()[0].GetValue() != given || len(sub.GetSecrets()) != 0 || sub.GetSealed() == nil {
		t.Error("the given secret is not the stored one, or not sealed")
	}
	texts := []string{first.Text}
	keep := func(a answer) { texts = append(texts, a.Text) }
	keep(h.do(t, http.MethodPost, collection, with(`"secret":"`+refusedSecret+`"`)))
	keep(h.do(t, http.MethodPost, collection, with(`"secret":"`+given+`","secret":1`)))
	keep(h.do(t, http.MethodPost, collection, `{"secret":"`+given+`"`))
	keep(h.do(t, http.MethodPost, collection, `{"secret":["`+given+`"]}`))
	listed := h.do(t, http.MethodGet, collection, "")
	keep(listed)
	for _, v := range listed.many(t).Data {
		path := collection + "/" + v.ID
		keep(h.do(t, http.MethodGet, path, ""))
		keep(h.do(t, http.MethodPatch, path, `{"description":"new"}`))
		keep(h.do(t, http.MethodPatch, path, `{"secret":"`+given+`"}`))
		keep(h.do(t, http.MethodPost, path+"/disable", ""))
		keep(h.do(t, http.MethodPost, path+"/enable", ""))
		keep(h.do(t, http.MethodDelete, path, ""))
	}
	texts = append(texts, h.log.String())
	for _, secret := range []string{made, given, refusedSecret} {
		if i := slices.IndexFunc(texts, func(s string) bool { return strings.Contains(s, secret[6:]) }); i >= 0 {
			t.Errorf("a secret is in answer %d: %s", i, texts[i])
		}
	}
	for _, change := range []string{
		`created"`, `changed","change":"patch"`, `changed","change":"disable"`, `changed","change":"enable"`, `removed"`,
	} {
		if got := strings.Count(h.log.String(), `"level":"INFO","msg":"subscription `+change); got != 2 {
			t.Errorf("%d lines of %q, want one for each subscription", got, change)
		}
	}
}
