package ingest

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/idempotency"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/sealedtest"
)

// keyring is an ingest that knows stored keys.
type keyring struct {
	*harness
	live *auth.Live
}

func withKeys(t *testing.T) *keyring {
	t.Helper()
	k := &keyring{}
	k.harness = newHarness(t, func(c *configs) {
		c.deps = func(d *Deps) {
			cfg := settings.Defaults[auth.Config]()
			cfg.APIKey = apiKey
			var err error
			if k.live, err = auth.Open(t.Context(), d.Bus, cfg, slog.New(slog.DiscardHandler)); err != nil {
				t.Fatal(err)
			}
			if d.Idempotency, err = idempotency.Open(t.Context(), d.Bus, sealedtest.Keys(t)); err != nil {
				t.Fatal(err)
			}
			d.Keys = auth.NewKeys(cfg, k.live)
		}
	})
	testbed.Running(t, k.live.Run)
	<-k.live.Loaded()
	return k
}

// key makes one and returns it as a header.
func (k *keyring) key(t *testing.T, pb *posthastev1.ApiKey) string {
	t.Helper()
	_, token, revision, err := k.live.Create(context.Background(), pb, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := k.live.Await(context.Background(), revision); err != nil {
		t.Fatal(err)
	}
	return "Bearer " + token
}

// refused holds where the answer is an error and nothing was stored.
func (k *keyring) refused(t *testing.T, r reply, status int, code string) {
	t.Helper()
	if r.status != status || !strings.Contains(r.body, `"code":"`+code+`"`) || k.count() != 0 {
		t.Errorf("answer %d %s, want %d %s; %d events are stored", r.status, r.body, status, code, k.count())
	}
}

func TestKeysOfTenants(t *testing.T) {
	t.Parallel()
	k := withKeys(t)
	writer := k.key(t, &posthastev1.ApiKey{Tenant: "acme", Scopes: []string{"events:write"}})
	reader := k.key(t, &posthastev1.ApiKey{Tenant: "acme", Scopes: []string{"events:read", "webhooks:read", "webhooks:write", "admin"}})
	expired := k.key(t, &posthastev1.ApiKey{Tenant: "acme", Scopes: []string{"events:write"}, ExpiresAt: timestamppb.New(time.Now().Add(-time.Second))})
	const theirs = `{"tenant":"globex","type":"a","data":1}`
	k.refused(t, k.post(theirs, "Authorization", writer), http.StatusForbidden, "insufficient_scope")
	k.refused(t, k.post(`[{"type":"a","data":1},`+theirs+`]`, "Authorization", writer), http.StatusForbidden, "insufficient_scope")
	k.refused(t, k.post(`{"specversion":"1.0","id":"c","source":"/s","type":"a","tenant":"globex"}`, "Authorization", writer, "Content-Type", "application/cloudevents+json"), http.StatusForbidden, "insufficient_scope")
	k.refused(t, k.post("1", "Authorization", writer, "Ce-Specversion", "1.0", "Ce-Id", "c", "Ce-Source", "/s", "Ce-Type", "a", "Ce-Tenant", "globex"), http.StatusForbidden, "insufficient_scope")
	for _, header := range []string{"", "the-same-key"} {
		k.refused(t, k.post("no JSON", "Authorization", reader, "Idempotency-Key", header), http.StatusForbidden, "insufficient_scope")
		k.refused(t, k.post("no JSON", "Authorization", expired, "Idempotency-Key", header), http.StatusUnauthorized, "unauthorized")
		k.refused(t, k.post("no JSON", "Authorization", "Bearer wrong", "Idempotency-Key", header), http.StatusUnauthorized, "unauthorized")
	}
	if r := k.post(`{"type":"a","data":1}`, "Authorization", writer); r.status != http.StatusAccepted || r.header.Get("RateLimit-Limit") != "2000" {
		t.Fatalf("%d %s %v", r.status, r.body, r.header)
	}
	if _, e := k.stored(1); e.GetTenant() != "acme" {
		t.Errorf("stored for %q", e.GetTenant())
	}
	operator := k.key(t, &posthastev1.ApiKey{Operator: true, Scopes: []string{"events:write"}})
	if r := k.post(theirs, "Authorization", operator); r.status != http.StatusAccepted {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if _, e := k.stored(2); e.GetTenant() != "globex" {
		t.Errorf("stored for %q", e.GetTenant())
	}
}

// The same Idempotency-Key of two tenants, and of two operators, is two keys;
// that of two keys of one tenant is one.
func TestIdempotencyKeysOfTenants(t *testing.T) {
	t.Parallel()
	k := withKeys(t)
	scopes := []string{"events:write"}
	answers := map[string]int{}
	for name, key := range map[string]string{
		"acme":     k.key(t, &posthastev1.ApiKey{Tenant: "acme", Scopes: scopes}),
		"acme too": k.key(t, &posthastev1.ApiKey{Tenant: "acme", Scopes: scopes}),
		"globex":   k.key(t, &posthastev1.ApiKey{Tenant: "globex", Scopes: scopes}),
		"operator": k.key(t, &posthastev1.ApiKey{Operator: true, Scopes: scopes}),
		"another":  k.key(t, &posthastev1.ApiKey{Operator: true, Scopes: scopes}),
		"first":    "Bearer " + apiKey,
	} {
		r := k.post(`{"type":"a","data":1}`, "Authorization", key, "Idempotency-Key", "the-same-key")
		if r.status != http.StatusAccepted {
			t.Fatalf("%s: %d %s", name, r.status, r.body)
		}
		answers[r.body]++
	}
	if len(answers) != 5 || k.count() != 5 {
		t.Errorf("%d events are stored, answers %v", k.count(), answers)
	}
}

// A request counts once, with an Idempotency-Key too, and a refusal tells when to
// come again.
func TestRateOfKey(t *testing.T) {
	t.Parallel()
	k := withKeys(t)
	slow := k.key(t, &posthastev1.ApiKey{Tenant: "acme", Scopes: []string{"events:write"}, Rate: &posthastev1.ApiKeyRate{RequestsPerSecond: 0.5, Burst: 2}})
	now := time.Now()
	k.now = func() time.Time { return now }
	for i, want := range []string{"1", "0"} {
		r := k.post(`{"type":"a","data":1}`, "Authorization", slow, "Idempotency-Key", "key-number-"+want)
		if got := r.header.Get("RateLimit-Remaining"); r.status != http.StatusAccepted || got != want {
			t.Errorf("%d: %d %s, remaining %q", i, r.status, r.body, got)
		}
	}
	for _, headers := range [][]string{{}, {"Idempotency-Key", "key-number-1"}} {
		r := k.post("no JSON", append(headers, "Authorization", slow)...)
		if r.status != http.StatusTooManyRequests || r.header.Get("Retry-After") != "2" || r.header.Get("RateLimit-Reset") != "4" || !strings.Contains(r.body, "POSTHASTE_API_KEY_RATE") {
			t.Errorf("%d %v %s", r.status, r.header, r.body)
		}
	}
	now = now.Add(2 * time.Second)
	if r := k.post(`{"type":"a","data":1}`, "Authorization", slow); r.status != http.StatusAccepted {
		t.Errorf("after Retry-After: %d %s", r.status, r.body)
	}
}

// What is revoked elsewhere is refused here within a second.
func TestRevokedAtIngest(t *testing.T) {
	t.Parallel()
	k := withKeys(t)
	key := k.key(t, &posthastev1.ApiKey{Tenant: "acme", Scopes: []string{"events:write"}})
	if r := k.post(`{"type":"a","data":1}`, "Authorization", key); r.status != http.StatusAccepted {
		t.Fatalf("%d %s", r.status, r.body)
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(key, "Bearer phk_"), "_")
	if _, err := k.live.Delete(t.Context(), "phk_"+id); err != nil {
		t.Fatal(err)
	}
	revoked := time.Now()
	testbed.Eventually(t, "it is refused", func() bool {
		return k.post(`{"type":"a","data":1}`, "Authorization", key).status == http.StatusUnauthorized
	})
	if took := time.Since(revoked); took > time.Second {
		t.Errorf("refused after %s", took)
	}
}
