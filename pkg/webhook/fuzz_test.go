package webhook_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/posthaste/posthaste/pkg/webhook"
)

// FuzzVerify holds Verify against the official library: what it accepts, the
// library must accept, and a signature the library accepts must match unless
// id or timestamp were refused before.
func FuzzVerify(f *testing.F) {
	for _, id := range []string{vectorID, "", "a.b"} {
		for _, timestamp := range []string{"1614265330", "1614265631", "+1614265330", "", "x"} {
			for _, signature := range []string{vectorSignature, "v1a,x " + vectorSignature, wrongSignature, "v1,", ""} {
				f.Add(id, timestamp, signature, []byte(vectorBody))
			}
		}
	}
	verifier, wh := vectorVerifier(f), mustOfficial(f, mustSecret(f, vectorSecret))
	f.Fuzz(func(t *testing.T, id, timestamp, signature string, body []byte) {
		h := http.Header{}
		h.Set(webhook.HeaderID, id)
		h.Set(webhook.HeaderTimestamp, timestamp)
		h.Set(webhook.HeaderSignature, signature)
		ours, theirs := verifier.Verify(h, body), wh.VerifyIgnoringTimestamp(body, h)
		if ours == nil && theirs != nil {
			t.Fatalf("we accept, the library says: %v", theirs)
		}
		if theirs == nil && errors.Is(ours, webhook.ErrNoMatch) {
			t.Fatal("the library accepts, we find no match")
		}
	})
}

// FuzzParseSecret checks that what is accepted can be used and read again.
func FuzzParseSecret(f *testing.F) {
	f.Add(vectorSecret)
	f.Add(vectorSecret + "==")
	f.Add("whsec_")
	f.Fuzz(func(t *testing.T, text string) {
		secret, err := webhook.ParseSecret(text)
		if (err == nil) == secret.IsZero() {
			t.Fatalf("error %v, zero %v", err, secret.IsZero())
		}
		if err == nil && (secret.Reveal() != text || len(secret.Prefix()) != 12) {
			t.Fatalf("%q became %q", text, secret.Reveal())
		}
	})
}
