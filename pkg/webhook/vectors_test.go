package webhook_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
)

// vector is a delivery at vectorTime. Its signature was computed by others:
// openssl, or the official library's own tests.
type vector struct {
	scheme          webhook.Scheme
	secret          string
	body, signature string
	header          map[string]string // All but the signature.
	want            webhook.Delivery
}

func vectors() map[string]vector {
	happened := time.Date(2025, 1, 15, 10, 30, 0, 0, time.UTC)
	return map[string]vector{
		"standard": {
			scheme: webhook.Standard(), secret: vectorSecret,
			body:      `{"id":"evt_1","type":"task.claimed","timestamp":"2025-01-15T10:30:00Z","data":{"n": 1.0}}`,
			signature: "v1,7NwDfqnorNRAy4+BPLfa+pNi24fIBTiOadv20Uw3r84=",
			header:    map[string]string{"webhook-id": "dlv_1", "webhook-timestamp": "1614265330"},
			want: webhook.Delivery{ID: "dlv_1", Attempted: vectorTime(), Event: webhook.Event{
				ID: "evt_1", Type: "task.claimed", Timestamp: happened, Data: []byte(`{"n": 1.0}`),
			}},
		},
		"neiracore": {
			scheme: webhook.Neiracore(), secret: "whsec_your-secret-key",
			body:      `{"id":"evt_abc123","type":"thread.message","timestamp":"2025-01-15T10:30:00Z","data":{"threadId":"thr_xyz"}}`,
			signature: "3fe04dc2b858a5c73f394b470da111c9c899d8765d7f880e207ba9b8d208dce4",
			want: webhook.Delivery{ID: "evt_abc123", Event: webhook.Event{
				ID: "evt_abc123", Type: "thread.message", Timestamp: happened, Data: []byte(`{"threadId":"thr_xyz"}`),
			}},
		},
		// The secret is one that could be decoded, and is not.
		"aicity": {
			scheme: webhook.AICity(), secret: vectorSecret,
			body:      `{"event":"bid_accepted","data":{"requestId":"clx9abc123","bidId":"clx9def456","agreementId":"clx9ghi789"},"timestamp":"2025-01-15T10:30:00.000Z","webhookId":"clx9jkl012"}`,
			signature: "sha256=98a5eb80887d8750710f68c9127fe8e78dc642499f387498e2c6aee14682a2f3",
			header: map[string]string{
				"X-City-Event": "bid_accepted", "X-City-Delivery": "clx9jkl012", "X-City-Timestamp": "2025-01-15T10:30:00.000Z",
			},
			want: webhook.Delivery{ID: "clx9jkl012", Event: webhook.Event{
				Type: "bid_accepted", Timestamp: happened, Data: []byte(`{"requestId":"clx9abc123","bidId":"clx9def456","agreementId":"clx9ghi789"}`),
			}},
		},
		"agentrail": {
			scheme: webhook.AgentRail(), secret: "agentrail-secret-0001",
			body:      `{"id":"evt_1","type":"task.updated","occurredAt":"2025-01-15T10:30:00Z","sequence":7,"taskVersion":2,"traceId":"tr_1","data":{"taskId":"task_1"}}`,
			signature: "sha256=993dbb0b7e6ae4947d4c4e5b23273531f06941e080d0fb2ba502efbfe5f132db",
			header: map[string]string{
				"x-agentrail-subscription-id": "evsub_1", "x-agentrail-event-id": "evt_1", "x-agentrail-event-type": "task.updated",
				"x-agentrail-delivery-id": "dlv_1_2", "x-agentrail-delivery-attempt": "2",
			},
			want: webhook.Delivery{ID: "dlv_1_2", Attempt: 2, SubscriptionID: "evsub_1", Event: webhook.Event{
				ID: "evt_1", Type: "task.updated", Timestamp: happened, Data: []byte(`{"taskId":"task_1"}`),
			}},
		},
		"github": {
			scheme: webhook.GitHub(), secret: "It's a Secret to Everybody",
			body:      `{"zen":"Keep it logically awesome.","hook_id":1}`,
			signature: "sha256=ae8951f50ab87ba47d298c0511bb1d0d80b1ee963458ccef865aa62f53c0be7f",
			header:    map[string]string{"X-GitHub-Event": "ping", "X-GitHub-Delivery": "72d3162e"},
			want: webhook.Delivery{ID: "72d3162e", Event: webhook.Event{
				Type: "ping", Data: []byte(`{"zen":"Keep it logically awesome.","hook_id":1}`),
			}},
		},
		"stripe": {
			scheme: webhook.Stripe(), secret: "whsec_test_secret",
			body:      stripeBody,
			signature: "t=1614265330,v1=" + stripeDigest,
			want: webhook.Delivery{ID: "evt_1", Attempted: vectorTime(), Event: webhook.Event{
				ID: "evt_1", Type: "charge.succeeded", Timestamp: time.Unix(1614265320, 0).UTC(), Data: []byte(`{"object":{"id":"ch_1"}}`),
			}},
		},
		// The secret's text is the key where it holds nothing to decode.
		"standard beside neiracore": {
			scheme: webhook.Standard(), secret: "whsec_your-secret-key",
			body:      `{"id":"evt_abc123","type":"thread.message","timestamp":"2025-01-15T10:30:00Z","data":{"threadId":"thr_xyz"}}`,
			signature: "v1,BDmEQZmVRbmvVYzCTLeeuGBin/6quhLx72URfsF2ToY=",
			header:    map[string]string{"webhook-id": "msg_1", "webhook-timestamp": "1614265330"},
			want: webhook.Delivery{ID: "msg_1", Attempted: vectorTime(), Event: webhook.Event{
				ID: "evt_abc123", Type: "thread.message", Timestamp: happened, Data: []byte(`{"threadId":"thr_xyz"}`),
			}},
		},
		"standard with ed25519": {
			scheme: webhook.Standard(), secret: vectorSigningKey,
			body:      `{"id":"evt_1","type":"task.claimed","data":null}`,
			signature: "v1a,LhOs5pG5DFct36imtdoHUOGm8W4ti8xQ6yEzjrWcAF/0JvpkW5BeBFK3EJYlRlOdlTfjkBt92oAWVbeX66b9Cg==",
			header:    map[string]string{"webhook-id": "dlv_1", "webhook-timestamp": "1614265330"},
			want: webhook.Delivery{ID: "dlv_1", Attempted: vectorTime(), Event: webhook.Event{
				ID: "evt_1", Type: "task.claimed", Data: []byte(`null`),
			}},
		},
	}
}

const (
	stripeBody   = `{"id":"evt_1","object":"event","type":"charge.succeeded","created":1614265320,"data":{"object":{"id":"ch_1"}}}`
	stripeDigest = "27cd5f96cebbd492691004487028dbe3563ac5fe8594e82a1f16ccf4873a1229"
	// stripeOldDigest is by the secret whsec_test_old.
	stripeOldDigest = "6ea30cdb92b57846f1c7bab28c4e27148505dcb874b027377ed7cd92f466d750"
)

// headers returns what arrives, the signature included.
func (v vector) headers() http.Header {
	h := http.Header{}
	for name, value := range v.header {
		h.Set(name, value)
	}
	h.Set(v.scheme.SignatureHeader, v.signature)
	return h
}

func (v vector) verifier(tb testing.TB, opts ...webhook.Option) *webhook.Verifier {
	tb.Helper()
	opts = append([]webhook.Option{webhook.WithScheme(v.scheme), webhook.WithClock(vectorTime)}, opts...)
	return mustVerifier(tb, []webhook.Secret{mustLiteral(tb, v.secret)}, opts...)
}

func (v vector) signer(tb testing.TB, more ...string) *webhook.Signer {
	tb.Helper()
	return mustSchemeSigner(tb, v.scheme, append([]string{v.secret}, more...)...)
}

// sign returns the headers of the vector with another body.
func (v vector) sign(tb testing.TB, body string) http.Header {
	tb.Helper()
	h := v.headers()
	h.Set(v.scheme.SignatureHeader, v.signer(tb).Sign(v.header[v.scheme.IDHeader], vectorTime(), []byte(body)))
	return h
}

func mustLiteral(tb testing.TB, text string) webhook.Secret {
	tb.Helper()
	s, err := webhook.LiteralSecret(text)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func mustSchemeSigner(tb testing.TB, scheme webhook.Scheme, texts ...string) *webhook.Signer {
	tb.Helper()
	secrets := make([]webhook.Secret, len(texts))
	for i, text := range texts {
		secrets[i] = mustLiteral(tb, text)
	}
	s, err := webhook.NewSchemeSigner(scheme, secrets...)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}
