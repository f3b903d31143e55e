package dialect

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	official "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/posthaste/posthaste/pkg/webhook"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/version"
)

func event(id, typ string, at time.Time, data string) *posthastev1.Event {
	return &posthastev1.Event{Id: id, Tenant: "acme", Type: typ, Time: timestamppb.New(at), Data: []byte(data), Source: "/s"}
}

func TestStandardBody(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 15, 10, 30, 0, 0, time.UTC)
	for want, e := range map[string]*posthastev1.Event{
		`{"id":"evt_1","type":"task.claimed","timestamp":"2026-01-15T10:30:00Z","data":{"a" : 1}}`:       event("evt_1", "task.claimed", at, `{"a" : 1}`),
		`{"id":"evt_1","type":"a","timestamp":"2026-01-15T10:30:00.1Z","data":null}`:                     event("evt_1", "a", at.Add(100*time.Millisecond), `null`),
		`{"id":"a\"b\\c<d>&e","type":"a:b/c-d_e","timestamp":"2026-01-15T10:30:00.000000001Z","data":1}`: event(`a"b\c<d>&e`, "a:b/c-d_e", at.Add(1), `1`),
		`{"id":"x","type":"a","timestamp":"2026-01-15T08:30:00Z","data":"<é>"}`:                          event("x", "a", at.Add(-2*time.Hour).In(time.FixedZone("", 3600)), `"<é>"`),
	} {
		body := StandardBody(e)
		if diff := cmp.Diff(want, string(body)); diff != "" {
			t.Error(diff)
		}
		if !json.Valid(body) {
			t.Errorf("not JSON: %s", body)
		}
	}
}

func TestStandardHeader(t *testing.T) {
	t.Parallel()
	signer, err := webhook.NewSigner(webhook.NewSecret())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1768473000, 999_999_999)
	body := []byte(`{}`)
	h := StandardHeader("dlv_1", now, body, signer)
	want := http.Header{
		"Content-Type":      {"application/json"},
		"User-Agent":        {"Posthaste/" + version.Version},
		"webhook-id":        {"dlv_1"},
		"webhook-timestamp": {"1768473000"},
		"webhook-signature": {signer.Sign("dlv_1", now, body)},
	}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Error(diff)
	}
	// What one attempt adds must not show in another, nor in its neighbours.
	h[webhook.HeaderID] = append(h[webhook.HeaderID], "other")
	h["Content-Type"] = append(h["Content-Type"], "other")
	plain := map[string][]string(h) // the specification's spelling is not net/http's
	if plain[webhook.HeaderTimestamp][0] != "1768473000" || len(StandardHeader("dlv_1", now, body, signer)["Content-Type"]) != 1 {
		t.Error("headers share memory")
	}
}

func TestOfficialLibraryVerifies(t *testing.T) {
	t.Parallel()
	secret, old := webhook.NewSecret(), webhook.NewSecret()
	signer, err := webhook.NewSigner(secret, old) // while it rotates
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	body := StandardBody(event("evt_1", "a", now, `{"text":"é"}`))
	sent := StandardHeader("dlv_1", now, body, signer)
	received := http.Header{} // as net/http hands it over
	for name, values := range sent {
		received.Set(name, values[0])
	}
	for _, s := range []webhook.Secret{secret, old} {
		verifier, err := official.NewWebhook(s.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		if err := verifier.Verify(body, received); err != nil {
			t.Error(err)
		}
		if err := verifier.Verify(append(body, ' '), received); err == nil {
			t.Error("a changed body is verified too")
		}
	}
}

func BenchmarkStandard(b *testing.B) {
	signer, err := webhook.NewSigner(webhook.NewSecret())
	if err != nil {
		b.Fatal(err)
	}
	data := make([]byte, 1024)
	for i := range data {
		data[i] = '1'
	}
	now := time.Now()
	e := event("evt_1", "a", now, string(data))
	b.ReportAllocs()
	for b.Loop() {
		body := StandardBody(e)
		_ = StandardHeader("dlv_1", now, body, signer)
	}
}
