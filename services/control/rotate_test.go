package control

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/posthaste/posthaste/services/control/internal/subscriptions"
)

func TestRotate(t *testing.T) {
	t.Parallel()
	var now atomic.Pointer[time.Time]
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	now.Store(&at)
	h := start(t, func(_ *Config, d *Deps) { d.Now = func() time.Time { return *now.Load() } })
	first := h.created(t, valid)
	path := collection + "/" + first.ID
	rotate := func(body string) subscriptions.EventSubscription {
		t.Helper()
		return h.do(t, http.MethodPost, path+"/rotate-secret", body).one(t, http.StatusOK).Data
	}
	second := rotate(`{}`)
	if !strings.HasPrefix(second.Secret, "whsec_") || second.Secret == first.Secret || second.SecretPrefix != second.Secret[:12] {
		t.Errorf("%+v", second)
	}
	retiring := func(s subscriptions.EventSubscription, after time.Duration) subscriptions.RetiringSecret {
		return subscriptions.RetiringSecret{Prefix: s.Secret[:12], ExpiresAt: at.Add(after)}
	}
	want := []subscriptions.RetiringSecret{retiring(first, 24*time.Hour)}
	if diff := cmp.Diff(want, second.RetiringSecrets); diff != "" {
		t.Error(diff)
	}
	again := h.do(t, http.MethodGet, path, "")
	if got := again.one(t, http.StatusOK).Data; got.Secret != "" || strings.Contains(again.Text, second.Secret[12:]) || len(got.RetiringSecrets) != 1 {
		t.Errorf("%s", again.Text)
	}
	third := rotate(`{"overlap":"1h"}`) // shortens what is left of the first, too
	if diff := cmp.Diff([]subscriptions.RetiringSecret{retiring(second, time.Hour), retiring(first, time.Hour)}, third.RetiringSecrets); diff != "" {
		t.Error(diff)
	}
	later := at.Add(61 * time.Minute)
	now.Store(&later)
	if got := h.do(t, http.MethodGet, path, "").one(t, http.StatusOK).Data; len(got.RetiringSecrets) != 0 {
		t.Errorf("expired, but shown: %+v", got.RetiringSecrets)
	}
	if got := rotate(`{"overlap":"0s"}`); len(got.RetiringSecrets) != 0 {
		t.Errorf("no overlap, but %+v", got.RetiringSecrets)
	}
	if _, opened := h.opened(t, first.ID); len(opened.GetSecrets()) != 1 {
		t.Errorf("%d secrets are stored", len(opened.GetSecrets()))
	}
	if got := rotate(`{"overlap":"168h"}`); len(got.RetiringSecrets) != 1 {
		t.Errorf("%+v", got.RetiringSecrets)
	}
}

func TestRotateBodyMayBeLeftOut(t *testing.T) {
	t.Parallel()
	h := start(t)
	path := collection + "/" + h.created(t, valid).ID + "/rotate-secret"
	if got := h.as(t, call{key: adminKey}, http.MethodPost, path, "").one(t, http.StatusOK).Data; got.Secret == "" || len(got.RetiringSecrets) != 1 {
		t.Errorf("%+v", got)
	}
	h.as(t, call{key: adminKey}, http.MethodPost, path, `{}`).refused(t, http.StatusUnsupportedMediaType, "unsupported_media_type")
	h.do(t, http.MethodPost, path, `null`).names(t, "", "a JSON object")
}

func TestRotateRefuses(t *testing.T) {
	t.Parallel()
	h := start(t)
	literal := `,"secret":"sixteen letters."`
	for _, c := range []struct{ create, body, field, message string }{
		{of("standard", "x", types), `{"overlap":"-1s"}`, "overlap", "from 0s to 168h"},
		{of("standard", "x", types), `{"overlap":"169h"}`, "overlap", "from 0s to 168h"},
		{of("standard", "x", types), `{"overlap":"a day"}`, "overlap", "such as 24h"},
		{of("standard", "x", types), `{"overlap":5}`, "overlap", "a string"},
		{of("standard", "x", types), `{"secret":"short"}`, "secret", "whsec_"},
		{of("standard", "x", types), `{"secret":""}`, "secret", "must not be empty"},
		{of("standard", "x", types), `{"old":1}`, "old", "unknown field"},
		{of("standard", "x", types), `{"secret":"whsk_` + rep("AAAA", 16) + `"}`, "secret", ""},
		{of("agentrail", "x", types+literal), `{"secret":"short"}`, "secret", "16 to 128"},
		{of("neiracore", "x", types+literal), `{}`, "secret", "is required in the dialect neiracore"},
		{of("aicity", "x", ""), `{"secret":"sixteen letters."}`, "secret", "is made by the server"},
	} {
		id := h.created(t, c.create).ID
		h.do(t, http.MethodPost, collection+"/"+id+"/rotate-secret", c.body).names(t, c.field, c.message)
	}
	given := h.created(t, of("neiracore", "y", types+literal)).ID
	a := h.do(t, http.MethodPost, collection+"/"+given+"/rotate-secret", `{"secret":"of the caller"}`)
	if got := a.one(t, http.StatusOK).Data; got.Secret != "" || got.SecretPrefix != "of the" {
		t.Errorf("%+v", got)
	}
}

func TestTooManySecrets(t *testing.T) {
	t.Parallel()
	h := start(t)
	path := collection + "/" + h.created(t, valid).ID
	for range 4 {
		h.do(t, http.MethodPost, path+"/rotate-secret", `{}`).one(t, http.StatusOK)
	}
	before := h.do(t, http.MethodGet, path, "").Text
	a := h.do(t, http.MethodPost, path+"/rotate-secret", `{}`)
	a.refused(t, http.StatusConflict, "conflict")
	if !strings.Contains(a.Text, "5 secrets that still sign") {
		t.Errorf("%s", a.Text)
	}
	if after := h.do(t, http.MethodGet, path, "").Text; after != before {
		t.Errorf("changed all the same:\n%s\n%s", before, after)
	}
	if got := h.do(t, http.MethodPost, path+"/rotate-secret", `{"overlap":"0s"}`).one(t, http.StatusOK).Data; len(got.RetiringSecrets) != 0 {
		t.Errorf("%+v", got.RetiringSecrets)
	}
}
