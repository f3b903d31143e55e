package webhook_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/pkg/webhook"
)

// The key pair and the signature are of the official Go library's tests, the
// public half and the long form of openssl.
const (
	vectorSigningKey     = "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk="
	vectorSigningKeyLong = "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTllmU3h6Dt1JKqLSahf2FBSTeius6i4rdBVBKUlrbjxz+A=="
	vectorPublicKey      = "whpk_ZlN4eg7dSSqi0moX9hQUk3orrOouK3QVQSlJa248c/g="
	vectorAsymmetric     = "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag=="
)

func TestAsymmetricVector(t *testing.T) {
	t.Parallel()
	public := mustPublic(t, vectorPublicKey)
	for _, text := range []string{vectorSigningKey, vectorSigningKeyLong, strings.TrimRight(vectorSigningKey, "=")} {
		secret := mustSecret(t, text)
		if got := mustSigner(t, secret).Sign(vectorID, vectorTime(), []byte(vectorBody)); got != vectorAsymmetric {
			t.Errorf("signed %s", got)
		}
		if half, ok := secret.PublicKey(); !ok || half != public || !secret.Asymmetric() || secret.Reveal() != text {
			t.Errorf("the public half is %s", half)
		}
	}
	h := headers(vectorID, vectorSeconds, vectorAsymmetric)
	for name, v := range map[string]*webhook.Verifier{
		"public key":     mustVerifier(t, nil, webhook.WithPublicKeys(public), webhook.WithClock(vectorTime)),
		"signing key":    mustVerifier(t, []webhook.Secret{mustSecret(t, vectorSigningKey)}, webhook.WithClock(vectorTime)),
		"one among more": vectorVerifier(t, webhook.WithPublicKeys(newPublic(), public)),
	} {
		if err := v.Verify(h, []byte(vectorBody)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := v.Verify(h, []byte(vectorBody+" ")); !errors.Is(err, webhook.ErrNoMatch) {
			t.Errorf("%s, another body: %v", name, err)
		}
	}
	if err := mustVerifier(t, nil, webhook.WithPublicKeys(newPublic()), webhook.WithClock(vectorTime)).Verify(h, []byte(vectorBody)); !errors.Is(err, webhook.ErrNoMatch) {
		t.Errorf("another key: %v", err)
	}
}

// TestBothKinds is the change from a shared secret to a key pair.
func TestBothKinds(t *testing.T) {
	t.Parallel()
	got := mustSigner(t, mustSecret(t, vectorSigningKey), mustSecret(t, vectorSecret)).Sign(vectorID, vectorTime(), []byte(vectorBody))
	if got != vectorAsymmetric+" "+vectorSignature {
		t.Fatalf("signed %s", got)
	}
	for _, v := range []*webhook.Verifier{
		vectorVerifier(t), mustVerifier(t, nil, webhook.WithPublicKeys(mustPublic(t, vectorPublicKey)), webhook.WithClock(vectorTime)),
	} {
		if err := v.Verify(headers(vectorID, vectorSeconds, got), []byte(vectorBody)); err != nil {
			t.Error(err)
		}
	}
}

func TestAsymmetricRefuses(t *testing.T) {
	t.Parallel()
	v := mustVerifier(t, nil, webhook.WithPublicKeys(mustPublic(t, vectorPublicKey)), webhook.WithClock(vectorTime))
	digest := strings.TrimPrefix(vectorAsymmetric, "v1a,")
	for name, tt := range map[string]struct {
		signature string
		want      error
	}{
		"v1":           {"v1," + digest, webhook.ErrNoMatch},
		"cut":          {vectorAsymmetric[:40], webhook.ErrNoMatch},
		"empty":        {"v1a,", webhook.ErrNoMatch},
		"not base64":   {"v1a," + strings.Repeat("!", len(digest)), webhook.ErrNoMatch},
		"65 bytes":     {"v1a," + base64.StdEncoding.EncodeToString(make([]byte, 65)), webhook.ErrNoMatch},
		"zeros":        {"v1a," + base64.StdEncoding.EncodeToString(make([]byte, 64)), webhook.ErrNoMatch},
		"right in 8":   {strings.Repeat(wrongAsymmetric()+" ", 7) + vectorAsymmetric, nil},
		"right as 9th": {strings.Repeat(wrongAsymmetric()+" ", 8) + vectorAsymmetric, webhook.ErrNoMatch},
		"after others": {strings.Repeat(wrongSignature+" v1a,x ", 20) + vectorAsymmetric, nil},
	} {
		if err := v.Verify(headers(vectorID, vectorSeconds, tt.signature), []byte(vectorBody)); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestNewKeyPair checks our signatures with the standard library by hand.
func TestNewKeyPair(t *testing.T) {
	t.Parallel()
	secret, public := webhook.NewKeyPair()
	other, _ := webhook.NewKeyPair()
	if half, ok := mustSecret(t, secret.Reveal()).PublicKey(); !ok || half != public || secret.Reveal() == other.Reveal() {
		t.Fatalf("the public half is %s, not %s", half, public)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(public.String(), "whpk_"))
	if err != nil {
		t.Fatal(err)
	}
	signer := mustSigner(t, secret)
	for _, size := range []int{0, 100, 100_000, 10} { // A large message must not mix with the next.
		body := bytes.Repeat([]byte("x"), size)
		digest, ok := strings.CutPrefix(signer.Sign("dlv_1", vectorTime(), body), "v1a,")
		signature, err := base64.StdEncoding.DecodeString(digest)
		if !ok || err != nil || !ed25519.Verify(key, append([]byte("dlv_1.1614265330."), body...), signature) {
			t.Errorf("%d bytes: signed %q", size, digest)
		}
	}
}

// TestOneSchemeForKeyPairs: in any other nobody could verify them.
func TestOneSchemeForKeyPairs(t *testing.T) {
	t.Parallel()
	svix := webhook.Standard()
	svix.SignatureHeader, svix.IDHeader, svix.TimestampHeader = "svix-signature", "svix-id", "svix-timestamp"
	for _, s := range []webhook.Scheme{
		webhook.Standard(), svix, webhook.Neiracore(), webhook.AICity(), webhook.AgentRail(), webhook.GitHub(), webhook.Stripe(),
	} {
		var wantSecret, wantPublic error
		if s.Form != webhook.FormList {
			wantSecret, wantPublic = webhook.ErrBadSecret, webhook.ErrBadPublicKey
		}
		secrets := []webhook.Secret{mustSecret(t, vectorSecret), mustSecret(t, vectorSigningKey)}
		if _, err := webhook.NewSchemeSigner(s, secrets...); !errors.Is(err, wantSecret) {
			t.Errorf("signer of %s: %v", s.Name, err)
		}
		if _, err := webhook.NewVerifier(secrets, webhook.WithScheme(s)); !errors.Is(err, wantSecret) {
			t.Errorf("verifier of %s: %v", s.Name, err)
		}
		if _, err := webhook.NewVerifier(nil, webhook.WithScheme(s), webhook.WithPublicKeys(newPublic())); !errors.Is(err, wantPublic) {
			t.Errorf("verifier of %s with a public key: %v", s.Name, err)
		}
	}
}

func TestParsePublicKey(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, wantText string }{
		"padded":     {vectorPublicKey, ""},
		"raw":        {strings.TrimRight(vectorPublicKey, "="), ""},
		"empty":      {"", "does not begin with whpk_"},
		"secret":     {vectorSigningKey, "does not begin with whpk_"},
		"31 bytes":   {"whpk_" + base64.StdEncoding.EncodeToString(make([]byte, 31)), "31 bytes, want 32"},
		"zeros":      {"whpk_" + base64.StdEncoding.EncodeToString(make([]byte, 32)), "all zeros"},
		"not base64": {"whpk_!", "not base64"},
	} {
		got, err := webhook.ParsePublicKey(tt.text)
		if tt.wantText == "" {
			if err != nil || got.String() != vectorPublicKey || got.IsZero() {
				t.Errorf("%s: got %s, %v", name, got, err)
			}
			continue
		}
		if !errors.Is(err, webhook.ErrBadPublicKey) || !strings.Contains(err.Error(), tt.wantText) || !got.IsZero() {
			t.Errorf("%s: got %s, %v", name, got, err)
		}
		if strings.Contains(err.Error(), "VEVT") {
			t.Errorf("%s: the error quotes: %v", name, err)
		}
	}
}

func TestPublicKeyAsText(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(mustPublic(t, vectorPublicKey))
	if err != nil || string(text) != `"`+vectorPublicKey+`"` {
		t.Fatalf("got %s, %v", text, err)
	}
	var again webhook.PublicKey
	if err := json.Unmarshal(text, &again); err != nil || again != mustPublic(t, vectorPublicKey) {
		t.Errorf("got %s, %v", again, err)
	}
	if err := json.Unmarshal([]byte(`"whpk_"`), &again); !errors.Is(err, webhook.ErrBadPublicKey) {
		t.Errorf("got %v", err)
	}
	if zero := (webhook.PublicKey{}); zero.String() != "" {
		t.Errorf("the zero key is %q", zero)
	}
	if _, err := webhook.NewVerifier(nil, webhook.WithPublicKeys(webhook.PublicKey{})); !errors.Is(err, webhook.ErrBadPublicKey) {
		t.Errorf("a verifier with the zero key: %v", err)
	}
	if _, err := webhook.NewVerifier(nil, webhook.WithPublicKeys()); !errors.Is(err, webhook.ErrNoSecret) {
		t.Errorf("a verifier with no key: %v", err)
	}
	if _, ok := webhook.NewSecret().PublicKey(); ok {
		t.Error("a shared secret has a public half")
	}
	if (webhook.Secret{}).Asymmetric() {
		t.Error("the zero secret is asymmetric")
	}
}

func TestAsymmetricMissingHeader(t *testing.T) {
	t.Parallel()
	v := mustVerifier(t, nil, webhook.WithPublicKeys(newPublic()))
	if err := v.Verify(http.Header{}, nil); !errors.Is(err, webhook.ErrMissingHeader) {
		t.Errorf("got %v", err)
	}
}

func wrongAsymmetric() string {
	return "v1a," + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 64))
}

func newPublic() webhook.PublicKey {
	_, public := webhook.NewKeyPair()
	return public
}

func mustPublic(tb testing.TB, text string) webhook.PublicKey {
	tb.Helper()
	p, err := webhook.ParsePublicKey(text)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func BenchmarkAppendSignAsymmetric(b *testing.B) {
	signer := mustSigner(b, mustSecret(b, vectorSigningKey))
	body, at := bytes.Repeat([]byte("x"), 1024), vectorTime()
	room := make([]byte, 0, 128)
	b.ReportAllocs()
	for b.Loop() {
		room = signer.AppendSign(room[:0], vectorID, at, body)
	}
}

func BenchmarkVerifyAsymmetric(b *testing.B) {
	verifier := mustVerifier(b, nil, webhook.WithPublicKeys(mustPublic(b, vectorPublicKey)), webhook.WithClock(vectorTime))
	h := headers(vectorID, vectorSeconds, vectorAsymmetric)
	b.ReportAllocs()
	for b.Loop() {
		if err := verifier.Verify(h, []byte(vectorBody)); err != nil {
			b.Fatal(err)
		}
	}
}
