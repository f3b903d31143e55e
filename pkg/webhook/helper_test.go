package webhook_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
)

// A vector of the official libraries' tests.
const (
	vectorSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vectorSeconds   = 1614265330
	vectorBody      = `{"test": 2432232314}`
	vectorSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func vectorTime() time.Time { return time.Unix(vectorSeconds, 0) }

func mustSecret(tb testing.TB, text string) webhook.Secret {
	tb.Helper()
	s, err := webhook.ParseSecret(text)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func mustSigner(tb testing.TB, secrets ...webhook.Secret) *webhook.Signer {
	tb.Helper()
	s, err := webhook.NewSigner(secrets...)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func mustVerifier(tb testing.TB, secrets []webhook.Secret, opts ...webhook.Option) *webhook.Verifier {
	tb.Helper()
	v, err := webhook.NewVerifier(secrets, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// vectorVerifier stands at the moment the vector was signed.
func vectorVerifier(tb testing.TB, opts ...webhook.Option) *webhook.Verifier {
	tb.Helper()
	opts = append([]webhook.Option{webhook.WithClock(vectorTime)}, opts...)
	return mustVerifier(tb, []webhook.Secret{mustSecret(tb, vectorSecret)}, opts...)
}

func headers(id string, seconds int64, signatures string) http.Header {
	h := make(http.Header)
	h.Set(webhook.HeaderID, id)
	h.Set(webhook.HeaderTimestamp, strconv.FormatInt(seconds, 10))
	h.Set(webhook.HeaderSignature, signatures)
	return h
}

func vectorHeaders() http.Header { return headers(vectorID, vectorSeconds, vectorSignature) }
