package webhook_test

import (
	"testing"

	"github.com/posthaste/posthaste/pkg/webhook"
)

// TestVerifySignature covers C16 and the other schemes whose header says all.
func TestVerifySignature(t *testing.T) {
	t.Parallel()
	for name, v := range vectors() {
		want := v.scheme.Content != webhook.SignIDTimestampBody
		if got := webhook.VerifySignature(v.scheme, []byte(v.body), v.signature, v.secret); got != want {
			t.Errorf("%s: got %v", name, got)
		}
		for what, wrong := range map[string]vector{
			"body":   {scheme: v.scheme, body: v.body + " ", signature: v.signature, secret: v.secret},
			"header": {scheme: v.scheme, body: v.body, signature: v.signature + "0", secret: v.secret},
			"empty":  {scheme: v.scheme, body: v.body, secret: v.secret},
			"secret": {scheme: v.scheme, body: v.body, signature: v.signature, secret: v.secret + "0"},
			"none":   {scheme: v.scheme, body: v.body, signature: v.signature},
			"scheme": {body: v.body, signature: v.signature, secret: v.secret},
		} {
			if webhook.VerifySignature(wrong.scheme, []byte(wrong.body), wrong.signature, wrong.secret) {
				t.Errorf("%s: right with another %s", name, what)
			}
		}
	}
}

// TestVerifySignatureDocumented is the vector that GitHub publishes.
func TestVerifySignatureDocumented(t *testing.T) {
	t.Parallel()
	const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	if !webhook.VerifySignature(webhook.GitHub(), []byte("Hello, World!"), signature, "It's a Secret to Everybody") {
		t.Error("not right")
	}
}

// TestVerifySignatureElsewhere: what stands in other headers is not given.
func TestVerifySignatureElsewhere(t *testing.T) {
	t.Parallel()
	s := webhook.Stripe()
	s.Form, s.TimestampHeader = webhook.FormSingle, "X-Time"
	if webhook.VerifySignature(s, []byte(stripeBody), stripeDigest, "whsec_test_secret") {
		t.Error("right without the time")
	}
	s = webhook.Stripe()
	s.Content, s.IDHeader = webhook.SignIDTimestampBody, "X-Id"
	signature := mustSchemeSigner(t, s, "whsec_test_secret").Sign("", vectorTime(), []byte(stripeBody))
	if webhook.VerifySignature(s, []byte(stripeBody), signature, "whsec_test_secret") {
		t.Error("right without the id")
	}
	if webhook.VerifySignature(webhook.Neiracore(), nil, "", vectorSigningKey) {
		t.Error("right with an ed25519 key")
	}
}
