package webhook_test

import (
	"bytes"
	"testing"
	"time"

	official "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/posthaste/posthaste/pkg/webhook"
)

var bodies = map[string][]byte{
	"empty": nil, "JSON": []byte(vectorBody), "dots": []byte("1.2.3"), "bytes": {0, 0xff, '\n', '.'},
	"large": bytes.Repeat([]byte("0123456789"), 100_000),
}

func TestOfficialVerifiesOurs(t *testing.T) {
	t.Parallel()
	secret, now := webhook.NewSecret(), time.Now()
	wh := mustOfficial(t, secret)
	signer := mustSigner(t, webhook.NewSecret(), secret)
	for name, body := range bodies {
		h := headers(vectorID, now.Unix(), signer.Sign(vectorID, now, body))
		if err := wh.Verify(body, h); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOursVerifiesOfficial(t *testing.T) {
	t.Parallel()
	secret, now := webhook.NewSecret(), time.Now()
	wh := mustOfficial(t, secret)
	verifier := mustVerifier(t, []webhook.Secret{webhook.NewSecret(), secret})
	for name, body := range bodies {
		signature, err := wh.Sign(vectorID, now, body)
		if err != nil {
			t.Fatal(err)
		}
		if err := verifier.Verify(headers(vectorID, now.Unix(), signature), body); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func mustOfficial(tb testing.TB, secret webhook.Secret) *official.Webhook {
	tb.Helper()
	wh, err := official.NewWebhook(secret.Reveal())
	if err != nil {
		tb.Fatal(err)
	}
	return wh
}
