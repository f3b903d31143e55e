package webhook_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
)

func ExampleNeiracore() {
	verifier := verifierOf(webhook.Neiracore(), "whsec_your-secret-key")
	header := http.Header{}
	header.Set("x-neiracore-signature", "3fe04dc2b858a5c73f394b470da111c9c899d8765d7f880e207ba9b8d208dce4")
	body := []byte(`{"id":"evt_abc123","type":"thread.message","timestamp":"2025-01-15T10:30:00Z","data":{"threadId":"thr_xyz"}}`)

	delivery, err := verifier.Parse(header, body)
	fmt.Println(delivery.Event.Type, string(delivery.Event.Data), err)
	// Output: thread.message {"threadId":"thr_xyz"} <nil>
}

func ExampleAICity() {
	verifier := verifierOf(webhook.AICity(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	header := http.Header{}
	header.Set("X-City-Signature", "sha256=98a5eb80887d8750710f68c9127fe8e78dc642499f387498e2c6aee14682a2f3")
	header.Set("X-City-Event", "bid_accepted")
	header.Set("X-City-Delivery", "clx9jkl012")
	header.Set("X-City-Timestamp", "2025-01-15T10:30:00.000Z")
	body := []byte(`{"event":"bid_accepted","data":{"requestId":"clx9abc123","bidId":"clx9def456","agreementId":"clx9ghi789"},"timestamp":"2025-01-15T10:30:00.000Z","webhookId":"clx9jkl012"}`)

	delivery, err := verifier.Parse(header, body)
	fmt.Println(delivery.ID, delivery.Event.Type, delivery.Event.Timestamp, err)
	// Output: clx9jkl012 bid_accepted 2025-01-15 10:30:00 +0000 UTC <nil>
}

func ExampleAgentRail() {
	verifier := verifierOf(webhook.AgentRail(), "agentrail-secret-0001")
	header := http.Header{}
	header.Set("x-agentrail-signature", "sha256=993dbb0b7e6ae4947d4c4e5b23273531f06941e080d0fb2ba502efbfe5f132db")
	header.Set("x-agentrail-subscription-id", "evsub_1")
	header.Set("x-agentrail-event-id", "evt_1")
	header.Set("x-agentrail-event-type", "task.updated")
	header.Set("x-agentrail-delivery-id", "dlv_1_2")
	body := []byte(`{"id":"evt_1","type":"task.updated","occurredAt":"2025-01-15T10:30:00Z","sequence":7,"taskVersion":2,"traceId":"tr_1","data":{"taskId":"task_1"}}`)

	_, err := verifier.Parse(header, body)
	fmt.Println(err)

	header.Set("x-agentrail-delivery-attempt", "2")
	delivery, err := verifier.Parse(header, body)
	fmt.Println(delivery.SubscriptionID, delivery.Event.ID, delivery.Attempt, err)
	// Output:
	// webhook: missing header: x-agentrail-delivery-attempt
	// evsub_1 evt_1 2 <nil>
}

func ExampleGitHub() {
	verifier := verifierOf(webhook.GitHub(), "It's a Secret to Everybody")
	header := http.Header{}
	header.Set("X-Hub-Signature-256", "sha256=ae8951f50ab87ba47d298c0511bb1d0d80b1ee963458ccef865aa62f53c0be7f")
	header.Set("X-GitHub-Event", "ping")
	header.Set("X-GitHub-Delivery", "72d3162e")
	body := []byte(`{"zen":"Keep it logically awesome.","hook_id":1}`)

	delivery, err := verifier.Parse(header, body)
	fmt.Println(delivery.ID, delivery.Event.Type, string(delivery.Event.Data), err)
	// Output: 72d3162e ping {"zen":"Keep it logically awesome.","hook_id":1} <nil>
}

func ExampleStripe() {
	verifier := verifierOf(webhook.Stripe(), "whsec_test_secret")
	header := http.Header{}
	header.Set("Stripe-Signature", "t=1614265330,v1=27cd5f96cebbd492691004487028dbe3563ac5fe8594e82a1f16ccf4873a1229")
	body := []byte(`{"id":"evt_1","object":"event","type":"charge.succeeded","created":1614265320,"data":{"object":{"id":"ch_1"}}}`)

	// The signature is right, but years old: someone replays it.
	_, err := verifier.Parse(header, body)
	fmt.Println(errors.Is(err, webhook.ErrTooOld))

	// A test brings its own clock.
	verifier = verifierOf(webhook.Stripe(), "whsec_test_secret", webhook.WithClock(func() time.Time { return time.Unix(1614265331, 0) }))
	delivery, err := verifier.Parse(header, body)
	fmt.Println(delivery.Event.Type, delivery.Attempted.UTC(), err)
	// Output:
	// true
	// charge.succeeded 2021-02-25 15:02:10 +0000 UTC <nil>
}

// A delivery of any dialect also carries the headers of Standard Webhooks,
// with a time and, during a rotation, two signatures. Verify by those, and
// name the members of the dialect's body.
func ExampleStandard_alongside() {
	scheme := webhook.Standard()
	scheme.IDField, scheme.TypeField = "", "event" // AI City's.
	verifier := verifierOf(scheme, "whsec_your-secret-key")

	secret, err := webhook.LiteralSecret("whsec_your-secret-key")
	if err != nil {
		panic(err)
	}
	header, body := attempt(secret, `{"event":"ping","data":{},"timestamp":"2025-01-15T10:30:00.000Z","webhookId":"dlv_1"}`)
	delivery, err := verifier.Parse(header, body)
	fmt.Println(delivery.ID, delivery.Event.Type, !delivery.Attempted.IsZero(), err)
	// Output: dlv_1 ping true <nil>
}

// A scheme of one's own: Shopify signs the body in base64.
func ExampleScheme() {
	shopify := webhook.Scheme{
		Name:            "shopify",
		SignatureHeader: "X-Shopify-Hmac-Sha256",
		Encoding:        webhook.Base64,
		IDHeader:        "X-Shopify-Webhook-Id",
		TypeHeader:      "X-Shopify-Topic",
		Required:        []string{"X-Shopify-Topic"},
	}
	header := http.Header{}
	header.Set("X-Shopify-Hmac-Sha256", "2l4/BgkevGbv6yIqxsIdL+4WPxsM1s6lt0r5B9Sgplw=")
	header.Set("X-Shopify-Topic", "orders/create")
	delivery, err := verifierOf(shopify, "shared").Parse(header, []byte(`{"id":820982911946154508}`))
	fmt.Println(delivery.Event.Type, string(delivery.Event.Data), err)

	shopify.Form = webhook.FormList + 7
	fmt.Println(shopify.Validate())
	// Output:
	// orders/create {"id":820982911946154508} <nil>
	// webhook: bad scheme: Form: must be FormSingle, FormList or FormFields
}

// One call for who has raw body, header and secret.
func ExampleVerifySignature() {
	const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	for _, body := range []string{"Hello, World!", "forged"} {
		fmt.Println(webhook.VerifySignature(webhook.GitHub(), []byte(body), signature, "It's a Secret to Everybody"))
	}
	// Output:
	// true
	// false
}

// The sender keeps the secret half; who has the public one can only verify.
func ExampleNewKeyPair() {
	secret, public := webhook.NewKeyPair()
	signer, err := webhook.NewSigner(secret)
	if err != nil {
		panic(err)
	}
	now, body, header := time.Now(), []byte(`{"type":"ping"}`), http.Header{}
	header.Set(webhook.HeaderID, "dlv_1")
	header.Set(webhook.HeaderTimestamp, strconv.FormatInt(now.Unix(), 10))
	header.Set(webhook.HeaderSignature, signer.Sign("dlv_1", now, body))

	published, err := webhook.ParsePublicKey(public.String())
	if err != nil {
		panic(err)
	}
	verifier, err := webhook.NewVerifier(nil, webhook.WithPublicKeys(published))
	if err != nil {
		panic(err)
	}
	fmt.Println(header.Get(webhook.HeaderSignature)[:4], verifier.Verify(header, body))
	// Output: v1a, <nil>
}

// verifierOf is what a receiver does when it starts.
func verifierOf(scheme webhook.Scheme, text string, opts ...webhook.Option) *webhook.Verifier {
	secret, err := webhook.LiteralSecret(text)
	if err != nil {
		panic(err)
	}
	verifier, err := webhook.NewVerifier([]webhook.Secret{secret}, append(opts, webhook.WithScheme(scheme))...)
	if err != nil {
		panic(err)
	}
	return verifier
}
