package control

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/control/internal/apikeys"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/idempotency"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

const keysPath = "/v1/api-keys"

// keyBody asks for a key; members go into the object.
func keyBody(members string, scopes auth.Scopes) string {
	list, _ := json.Marshal(scopes.Names()) // of texts
	if members != "" {
		members = "," + members
	}
	return `{"name":"k","scopes":` + string(list) + members + `}`
}

// key makes a key as the operator.
func (h *harness) key(t *testing.T, members string, scopes auth.Scopes) apikeys.APIKey {
	t.Helper()
	return h.do(t, http.MethodPost, keysPath, keyBody(members, scopes)).key(t, http.StatusCreated)
}

func (a answer) key(t *testing.T, status int) apikeys.APIKey {
	t.Helper()
	if a.Status != status {
		t.Fatalf("answer %d %s, want %d", a.Status, a.Text, status)
	}
	return decoded[apikeys.APIKeyAnswer](t, a.Text).Data
}

var keyForm = regexp.MustCompile(`^phk_[0-9A-HJKMNP-TV-Z]{26}_[A-Z2-7]{52}$`)

func TestKeyLifecycle(t *testing.T) {
	t.Parallel()
	h := start(t)
	made := h.key(t, `"tenant":"acme","description":"of billing","expiresAt":"2099-01-02T03:04:05.678Z","rateLimit":{"requestsPerSecond":2.5}`, auth.WebhooksRead|auth.Admin)
	if !keyForm.MatchString(made.Key) || !strings.HasPrefix(made.Key, made.ID+"_") {
		t.Errorf("key %q of id %q", made.Key, made.ID)
	}
	if made.Tenant != "acme" || made.Operator || made.Name != "k" || made.Description != "of billing" || made.CreatedBy != "" || made.LastUsedAt != nil ||
		strings.Join(made.Scopes, " ") != "webhooks:read admin" || made.ExpiresAt.Format(time.RFC3339Nano) != "2099-01-02T03:04:05.678Z" ||
		*made.RateLimit != (apikeys.APIKeyRate{RequestsPerSecond: 2.5, Burst: 5}) {
		t.Errorf("made %+v", made)
	}
	acme := call{made.Key, rest.MediaJSON}
	if a := h.as(t, acme, http.MethodGet, collection, ""); a.Status != http.StatusOK || a.Header.Get("RateLimit-Limit") != "5" || a.Header.Get("RateLimit-Remaining") != "4" {
		t.Errorf("%d %v %s", a.Status, a.Header, a.Text)
	}
	for _, path := range []string{keysPath + "/" + made.ID, keysPath} {
		if a := h.as(t, acme, http.MethodGet, path, ""); !strings.Contains(a.Text, made.ID) || strings.Contains(a.Text, made.Key) {
			t.Errorf("%s: %s", path, a.Text)
		}
	}
	gone := h.as(t, acme, http.MethodDelete, keysPath+"/"+made.ID, "").key(t, http.StatusOK)
	if gone.ID != made.ID || gone.Key != "" {
		t.Errorf("revoked %+v", gone)
	}
	h.as(t, acme, http.MethodGet, collection, "").refused(t, http.StatusUnauthorized, "unauthorized")
	h.do(t, http.MethodDelete, keysPath+"/"+made.ID, "").refused(t, http.StatusNotFound, "not_found")
	h.do(t, http.MethodGet, keysPath+"/"+made.ID, "").refused(t, http.StatusNotFound, "not_found")
	for _, line := range []string{`"msg":"API key created","key":"` + made.ID, `"msg":"API key revoked","key":"` + made.ID} {
		if !strings.Contains(h.log.String(), line) {
			t.Errorf("not logged: %s", line)
		}
	}
	if strings.Contains(h.log.String(), made.Key) {
		t.Error("the key is in the log")
	}
}

// An operator's key may name any tenant, and only an operator may make one.
func TestOperatorsKeys(t *testing.T) {
	t.Parallel()
	h := start(t)
	operator := h.key(t, `"operator":true`, auth.WebhooksWrite|auth.WebhooksRead|auth.Admin)
	if !operator.Operator || operator.Tenant != "" {
		t.Errorf("%+v", operator)
	}
	as := call{operator.Key, rest.MediaJSON}
	if got := h.as(t, as, http.MethodPost, collection+"?tenant=acme", valid).one(t, http.StatusCreated).Data.Tenant; got != "acme" {
		t.Errorf("for %s", got)
	}
	second := h.as(t, as, http.MethodPost, keysPath, keyBody(`"operator":true`, auth.Admin)).key(t, http.StatusCreated)
	if second.CreatedBy != operator.ID {
		t.Errorf("made by %q", second.CreatedBy)
	}
	if a := h.as(t, as, http.MethodGet, keysPath+"?operator=true", ""); !strings.Contains(a.Text, second.ID) || !strings.Contains(a.Text, operator.ID) {
		t.Errorf("%s", a.Text)
	}
	if a := h.do(t, http.MethodGet, keysPath, ""); !strings.Contains(a.Text, `"data":[]`) {
		t.Errorf("the tenant default has no keys: %s", a.Text)
	}
	h.do(t, http.MethodPost, keysPath, keyBody(`"operator":true,"tenant":"acme"`, auth.Admin)).names(t, "tenant", "must be left out")
	acme := call{h.key(t, `"tenant":"acme"`, auth.AllScopes).Key, rest.MediaJSON}
	h.as(t, acme, http.MethodPost, keysPath, keyBody(`"operator":true`, auth.Admin)).refused(t, http.StatusForbidden, "insufficient_scope")
	h.as(t, acme, http.MethodGet, keysPath+"?operator=true", "").refused(t, http.StatusForbidden, "insufficient_scope")
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		h.as(t, acme, method, keysPath+"/"+operator.ID, "").refused(t, http.StatusNotFound, "not_found")
	}
}

// Nobody gives what they lack: scopes, time, rate, or another tenant.
func TestKeysGiveNoMoreThanTheyHave(t *testing.T) {
	t.Parallel()
	h := start(t)
	soon := time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	maker := h.key(t, `"tenant":"acme","expiresAt":"`+soon.Format(time.RFC3339Nano)+`","rateLimit":{"requestsPerSecond":100,"burst":70}`, auth.Admin|auth.EventsRead)
	ask := func(members string, scopes auth.Scopes) answer {
		t.Helper()
		return h.as(t, call{maker.Key, rest.MediaJSON}, http.MethodPost, keysPath, keyBody(members, scopes))
	}
	for scopes, message := range map[auth.Scopes]string{
		auth.EventsWrite:                   "lacks: events:write",
		auth.WebhooksRead | auth.Admin:     "lacks: webhooks:read",
		auth.AllScopes:                     "lacks: events:write webhooks:read webhooks:write",
		auth.EventsRead | auth.EventsWrite: "lacks: events:write",
	} {
		if e := ask("", scopes).refused(t, http.StatusForbidden, "insufficient_scope"); !strings.Contains(e.Error.Message, message) {
			t.Errorf("%s: %s", scopes, e.Error.Message)
		}
	}
	ask(`"tenant":"globex"`, auth.EventsRead).refused(t, http.StatusForbidden, "insufficient_scope")
	ask(`"rateLimit":{"requestsPerSecond":0}`, auth.EventsRead).refused(t, http.StatusForbidden, "insufficient_scope")
	ask(`"expiresAt":"2099-01-01T00:00:00Z"`, auth.EventsRead).names(t, "expiresAt", "must not be after")
	child := ask("", auth.EventsRead).key(t, http.StatusCreated)
	if child.Tenant != "acme" || !child.ExpiresAt.Equal(soon) || child.CreatedBy != maker.ID || *child.RateLimit != *maker.RateLimit {
		t.Errorf("%+v", child)
	}
}

func TestCreateKeyRefuses(t *testing.T) {
	t.Parallel()
	h := start(t)
	for body, want := range map[string][2]string{
		`{"scopes":["admin"]}`: {"name", "is required"},
		`{"name":"` + strings.Repeat("x", 65) + `","scopes":["admin"]}`:                  {"name", "at most 64 bytes"},
		`{"name":"a\u0007","scopes":["admin"]}`:                                          {"name", "control characters"},
		`{"name":"a"}`:                                                                   {"scopes", "one or more of events:write, "},
		`{"name":"a","scopes":[]}`:                                                       {"scopes", "is required"},
		`{"name":"a","scopes":["admin","root"]}`:                                         {"scopes[1]", `"root" is not known; known are events:write, `},
		`{"name":"a","scopes":["admin"],"expiresAt":"2020-01-01T00:00:00Z"}`:             {"expiresAt", "in the future"},
		`{"name":"a","scopes":["admin"],"expiresAt":"tomorrow"}`:                         {"expiresAt", "RFC 3339"},
		`{"name":"a","scopes":["admin"],"rateLimit":{"requestsPerSecond":-1}}`:           {"rateLimit.requestsPerSecond", "0 to 1000000"},
		`{"name":"a","scopes":["admin"],"rateLimit":{"requestsPerSecond":1e300}}`:        {"rateLimit.requestsPerSecond", "0 to 1000000"},
		`{"name":"a","scopes":["admin"],"rateLimit":{"requestsPerSecond":1,"burst":-1}}`: {"rateLimit.burst", "1 to 1000000"},
		`{"name":"a","scopes":["admin"],"tenant":"a b"}`:                                 {"tenant", "bad name"},
		`{"name":"a","scopes":["admin"],"scope":"x"}`:                                    {"scope", "unknown field"},
		`{"name":"a","scopes":["admin"],"scopes":["admin"]}`:                             {"scopes", "appears twice"},
		`{"name":"a","scopes":["admin"]} x`:                                              {"", "not valid JSON"},
		`{"name":"a","scopes":["admin"],"key":"phk_mine"}`:                               {"key", "unknown field"},
	} {
		h.do(t, http.MethodPost, keysPath, body).names(t, want[0], want[1])
	}
}

func TestMostKeys(t *testing.T) {
	t.Parallel()
	h := start(t, func(c *Config, _ *Deps) { c.Keys.MaxKeys = 2 })
	first := h.key(t, `"tenant":"acme"`, auth.Admin)
	h.key(t, `"tenant":"acme"`, auth.Admin)
	full := h.do(t, http.MethodPost, keysPath, keyBody(`"tenant":"acme"`, auth.Admin))
	if full.refused(t, http.StatusConflict, "conflict"); !strings.Contains(full.Text, "max-api-keys") {
		t.Errorf("%s", full.Text)
	}
	h.key(t, `"tenant":"globex"`, auth.Admin)
	h.do(t, http.MethodDelete, keysPath+"/"+first.ID, "").key(t, http.StatusOK)
	h.key(t, `"tenant":"acme"`, auth.Admin)
}

// The answer that shows a key lies nowhere, not even for a repetition.
func TestKeyIsKeptNowhere(t *testing.T) {
	t.Parallel()
	h := start(t)
	post := func() answer {
		t.Helper()
		return h.as(t, call{adminKey, rest.MediaJSON}, http.MethodPost, keysPath, keyBody("", auth.Admin), idempotency.Header, "the-same-key")
	}
	made := post().key(t, http.StatusCreated)
	post().refused(t, http.StatusConflict, "conflict")
	if a := h.do(t, http.MethodGet, keysPath, ""); strings.Count(a.Text, `"id"`) != 1 {
		t.Errorf("a repetition made another: %s", a.Text)
	}
	secret := made.Key[len(made.ID)+1:]
	for _, bucket := range []string{"keys", "idempotency"} {
		for _, msg := range testbed.Messages(t, h.bus.JS, "KV_"+bucket) {
			if strings.Contains(string(msg.Data), secret) {
				t.Errorf("the key is in the bucket %s", bucket)
			}
		}
	}
}

// Whatever goes on with a key ends with it.
func TestRevokedKeyEndsStreams(t *testing.T) {
	t.Parallel()
	h := start(t)
	stays := h.open(t, h.key(t, `"tenant":"acme"`, auth.EventsRead).Key, log+"/stream").begins(t)
	for _, path := range []string{log + "/stream", "/v1/task-events/stream"} {
		key := h.key(t, `"tenant":"acme"`, auth.EventsRead)
		ends := h.open(t, key.Key, path).begins(t)
		h.do(t, http.MethodDelete, keysPath+"/"+key.ID, "").key(t, http.StatusOK)
		revoked := time.Now()
		if frame := ends.next(t); frame != "" || time.Since(revoked) > time.Second {
			t.Errorf("%s: %q after %s", path, frame, time.Since(revoked))
		}
	}
	soon := time.Now().Add(300 * time.Millisecond).UTC()
	expires := h.open(t, h.key(t, `"tenant":"acme","expiresAt":"`+soon.Format(time.RFC3339Nano)+`"`, auth.EventsRead).Key, log+"/stream").begins(t)
	if frame := expires.next(t); frame != "" || time.Now().Before(soon) {
		t.Errorf("%q before it expires", frame)
	}
	h.publish(t, "acme", "a.b", "evt_1", `{}`)
	stays.data(t, "1", "a.b")
}

func TestKeyRate(t *testing.T) {
	t.Parallel()
	h := start(t)
	slow := call{h.key(t, `"tenant":"acme","rateLimit":{"requestsPerSecond":0.001,"burst":2}`, auth.WebhooksRead).Key, rest.MediaJSON}
	h.as(t, slow, http.MethodGet, collection, "").many(t)
	h.as(t, slow, http.MethodPost, collection, "").refused(t, http.StatusForbidden, "insufficient_scope") // counts too
	a := h.as(t, slow, http.MethodGet, collection, "")
	a.refused(t, http.StatusTooManyRequests, "rate_limited")
	for name, want := range map[string]string{"Retry-After": "1000", "RateLimit-Limit": "2", "RateLimit-Remaining": "0", "RateLimit-Reset": "2000"} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %s", name, got, want)
		}
	}
	if a := h.do(t, http.MethodGet, collection, ""); a.Header.Get("RateLimit-Limit") != "" {
		t.Errorf("the bootstrap key has a limit: %v", a.Header)
	}
}
