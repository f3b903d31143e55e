package dialect

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	official "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/posthaste/posthaste/pkg/webhook"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// mac is HMAC-SHA256 without anything of ours.
func mac(key, content string) []byte {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(content))
	return m.Sum(nil)
}

// made is a delivery in a built-in dialect.
func made(tb testing.TB, name string, in *Delivery, secrets ...string) (http.Header, string) {
	tb.Helper()
	d := builtinNamed(tb, name)
	body := d.AppendBody(nil, in)
	return d.Header(in, testNow, body, signerOf(tb, d, secrets...)), string(body)
}

func pageEvent(id, typ, data string) *Delivery {
	at := timestamppb.New(time.Date(2025, 1, 15, 10, 30, 0, 0, time.UTC))
	return &Delivery{
		Event: &posthastev1.Event{Id: id, Tenant: "acme", Type: typ, Time: at, Data: []byte(data)},
		ID:    "clx9jkl012", SubscriptionID: "evsub_1", Attempt: 1, Sequence: 7,
	}
}

// TestNeiracore is N2 and N3: the page's own example.
func TestNeiracore(t *testing.T) {
	t.Parallel()
	const secret = "whsec_your-secret-key"
	h, body := made(t, "neiracore", pageEvent("evt_abc123", "thread.message", `{"threadId":"thr_xyz","senderAid":"a1b2c3d4...","content":"Hello!","messageId":"msg_def456"}`), secret)
	want := `{"id":"evt_abc123","type":"thread.message","timestamp":"2025-01-15T10:30:00Z","data":{"threadId":"thr_xyz","senderAid":"a1b2c3d4...","content":"Hello!","messageId":"msg_def456"}}`
	if diff := cmp.Diff(want, body); diff != "" {
		t.Error(diff)
	}
	// printf %s "$body" | openssl dgst -sha256 -hmac whsec_your-secret-key
	const openssl = "cd29ba8c23fe4a27bc3a985994d126e97abb182fc5eb79f1661eb049969d471b"
	if got := get(t, h, "x-neiracore-signature"); got != openssl || got != hex.EncodeToString(mac(secret, want)) {
		t.Errorf("signature %s, want %s", got, openssl)
	}
}

// TestAICity is C6 and C7: the page's own example.
func TestAICity(t *testing.T) {
	t.Parallel()
	const want = `{"event":"bid_accepted","data":{"requestId":"clx9abc123","bidId":"clx9def456","agreementId":"clx9ghi789"},"timestamp":"2025-01-15T10:30:00.000Z","webhookId":"clx9jkl012"}`
	h, body := made(t, "aicity", pageEvent("evt_1", "bid_accepted", `{"requestId":"clx9abc123","bidId":"clx9def456","agreementId":"clx9ghi789"}`), testSecret)
	if diff := cmp.Diff(want, body); diff != "" {
		t.Error(diff)
	}
	// printf %s "$body" | openssl dgst -sha256 -hmac "$secret"
	const openssl = "sha256=b13ad38fdbe73044de92887aeadc275725f6d5cb3b62cf97751d0f67b7d93de2"
	for name, value := range map[string]string{
		"Content-Type": "application/json", "X-City-Signature": openssl, "X-City-Event": "bid_accepted",
		"X-City-Delivery": "clx9jkl012", "X-City-Timestamp": "2025-01-15T10:30:00.000Z",
	} {
		if got := get(t, h, name); got != value {
			t.Errorf("%s: %s, want %s", name, got, value)
		}
	}
}

// TestAgentRail is A2 and A3, and the body of its deliveries.
func TestAgentRail(t *testing.T) {
	t.Parallel()
	const secret = "my-sixteen-chars"
	in := pageEvent("evt_1", "task.updated", `{"taskId":"t1"}`)
	in.Attempt = 2
	h, body := made(t, "agentrail", in, secret, "an-older-one-that-has-not-expired")
	want := `{"id":"evt_1","type":"task.updated","occurredAt":"2025-01-15T10:30:00.000Z","sequence":7,"taskVersion":1,"traceId":"` +
		hex.EncodeToString(traceSum("acme\x00\x00evt_1")) + `","data":{"taskId":"t1"}}`
	if diff := cmp.Diff(want, body); diff != "" {
		t.Error(diff)
	}
	for name, value := range map[string]string{
		"x-agentrail-subscription-id": "evsub_1", "x-agentrail-event-id": "evt_1", "x-agentrail-event-type": "task.updated",
		"x-agentrail-delivery-id": "clx9jkl012_2", "x-agentrail-delivery-attempt": "2",
		"x-agentrail-signature": "sha256=" + hex.EncodeToString(mac(secret, want)), // one, by the newest
	} {
		if got := get(t, h, name); got != value {
			t.Errorf("%s: %s, want %s", name, got, value)
		}
	}
}

func traceSum(names string) []byte {
	sum := sha256.Sum256([]byte(names))
	return sum[:16]
}

// TestShapes are GitHub's and Stripe's.
func TestShapes(t *testing.T) {
	t.Parallel()
	in := pageEvent("evt_1", "push", `{"ref": "main"}`)
	h, body := made(t, "github", in, "any text")
	if body != `{"ref": "main"}` || get(t, h, "X-GitHub-Event") != "push" || get(t, h, "X-GitHub-Delivery") != "clx9jkl012" ||
		get(t, h, "X-Hub-Signature-256") != "sha256="+hex.EncodeToString(mac("any text", body)) {
		t.Errorf("github: %v %s", h, body)
	}
	h, body = made(t, "stripe", in, "new text", "old text")
	content := "1768473001." + body
	if body != `{"id":"evt_1","object":"event","type":"push","created":1736937000,"livemode":true,"data":{"object":{"ref": "main"}}}` ||
		get(t, h, "Stripe-Signature") != "t=1768473001,v1="+hex.EncodeToString(mac("new text", content))+",v1="+hex.EncodeToString(mac("old text", content)) {
		t.Errorf("stripe: %v %s", h, body)
	}
}

// TestStandardWebhooks signs id, time and body with each secret, in every
// dialect: in standard with the key that is in base64, and beside the other
// dialects' own too. Where a secret is any text that is the key.
func TestStandardWebhooks(t *testing.T) {
	t.Parallel()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(testSecret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Builtin().Names() {
		in := testDelivery()
		h, body := made(t, name, in, testSecret, testSecret)
		v1 := "v1," + base64.StdEncoding.EncodeToString(mac(string(key), in.ID+".1768473001."+body))
		for header, want := range map[string]string{webhook.HeaderID: in.ID, webhook.HeaderTimestamp: "1768473001", webhook.HeaderSignature: v1 + " " + v1} {
			if got := get(t, h, header); got != want {
				t.Errorf("%s, %s: %s, want %s", name, header, got, want)
			}
		}
	}
	h, body := made(t, "neiracore", testDelivery(), "any")
	want := "v1," + base64.StdEncoding.EncodeToString(mac("any", testDelivery().ID+".1768473001."+body))
	if got := get(t, h, webhook.HeaderSignature); got != want {
		t.Errorf("with any text: %s, want %s", got, want)
	}
}

// TestVerifies: what a dialect sends is what the receiver's libraries take.
func TestVerifies(t *testing.T) {
	t.Parallel()
	wh, err := official.NewWebhook(testSecret)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range Builtin().All() {
		in := testDelivery()
		body := d.AppendBody(nil, in)
		h := http.Header{}
		for name, values := range d.Header(in, testNow, body, signerOf(t, d, testSecret)) {
			h.Set(name, values[0])
		}
		if err := wh.VerifyIgnoringTimestamp(body, h); err != nil {
			t.Errorf("%s: the official library: %v", d.Name, err)
		}
	}
}

// TestEd25519 signs v1a in standard, with a key of the caller's.
func TestEd25519(t *testing.T) {
	t.Parallel()
	secret, _ := webhook.NewKeyPair()
	h, _ := made(t, Standard, testDelivery(), secret.Reveal(), testSecret)
	if got := get(t, h, webhook.HeaderSignature); !strings.HasPrefix(got, "v1a,") || !strings.Contains(got, " v1,") {
		t.Errorf("signature %s", got)
	}
}
