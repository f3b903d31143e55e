package control

import (
	"net/http"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/idempotency"
)

// creating are bodies for the operations that take an Idempotency-Key.
func creating() map[string]string {
	return map[string]string{
		collection:                         valid,
		collection + "/{id}/rotate-secret": `{"overlap":"1h"}`,
		collection + "/{id}/replay":        `{"dryRun":true}`,
		keysPath:                           "",
		"/v1/webhooks":                     `{"url":"https://example.com/hook","events":["a"],"secret":"s"}`,
		"/v1/deliveries/{id}/redeliver":    "",
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	h := start(t)
	theirs := h.acmes(t)
	acme := call{"tenant-acme", rest.MediaJSON}
	found := 0
	for path, methods := range h.doc.Paths {
		if op, ok := methods["post"]; !ok || !op.takes("header", idempotency.Header) {
			continue
		}
		found++
		body, ok := creating()[path]
		if !ok {
			t.Errorf("no body for %s", path)
		}
		if path == "/v1/deliveries/{id}/redeliver" || path == keysPath {
			continue // TestRedeliverOnce, TestKeyIsKeptNowhere
		}
		to := concrete(t, theirs, path)
		send := func(who call, key, body string) answer {
			t.Helper()
			return h.as(t, who, http.MethodPost, to, body, idempotency.Header, key)
		}
		first, again := send(acme, "key-of-acme", body), send(acme, "key-of-acme", body)
		if first.Status >= 300 || first.Status != again.Status || first.Text != again.Text {
			t.Errorf("%s: %d %s\nagain: %d %s", path, first.Status, first.Text, again.Status, again.Text)
		}
		if first.Header.Get(idempotency.HeaderReplayed) != "" || again.Header.Get(idempotency.HeaderReplayed) != "true" {
			t.Errorf("%s: replayed %q, %q", path, first.Header, again.Header)
		}
		send(acme, "key-of-acme", body+" ").refused(t, http.StatusConflict, "conflict")
		send(acme, "short", body).names(t, idempotency.Header, "8 to 128 characters, has 5")
		if other := send(call{"tenant-globex", rest.MediaJSON}, "key-of-acme", body); other.Header.Get(idempotency.HeaderReplayed) != "" || strings.Contains(other.Text, mark) {
			t.Errorf("%s: another tenant gets %s", path, other.Text)
		}
		if next := send(acme, "key-of-acme2", body); next.Text == first.Text && path != collection+"/{id}/replay" {
			t.Errorf("%s: another key, the same answer", path)
		}
	}
	if found != len(creating()) {
		t.Errorf("%d operations take a key, want %d", found, len(creating()))
	}
}

// What was refused may be sent again under the same key.
func TestIdempotencyKeepsNoFailures(t *testing.T) {
	t.Parallel()
	h := start(t)
	admin := call{adminKey, rest.MediaJSON}
	for range 2 {
		a := h.as(t, admin, http.MethodPost, collection, `{}`, idempotency.Header, "the-same-key")
		a.names(t, "url", "is required")
		if a.Header.Get(idempotency.HeaderReplayed) != "" {
			t.Error("a failure was kept")
		}
	}
	h.as(t, admin, http.MethodPost, collection, valid, idempotency.Header, "the-same-key").one(t, http.StatusCreated)
	h.as(t, call{"", rest.MediaJSON}, http.MethodPost, collection, valid, idempotency.Header, "the-same-key").refused(t, http.StatusUnauthorized, "unauthorized")
}
