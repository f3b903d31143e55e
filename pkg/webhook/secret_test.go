package webhook_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/pkg/webhook"
)

func TestParseSecret(t *testing.T) {
	t.Parallel()
	key := func(n int) []byte { return bytes.Repeat([]byte{0xfb, 0xef, 0x01}, 22)[:n] }
	for name, tt := range map[string]struct {
		text     string
		wantText string // Empty: accepted.
	}{
		"24 bytes":         {"whsec_" + base64.StdEncoding.EncodeToString(key(24)), ""},
		"32 bytes, padded": {"whsec_" + base64.StdEncoding.EncodeToString(key(32)), ""},
		"32 bytes, raw":    {"whsec_" + base64.RawStdEncoding.EncodeToString(key(32)), ""},
		"64 bytes, padded": {"whsec_" + base64.StdEncoding.EncodeToString(key(64)), ""},
		"64 bytes, raw":    {"whsec_" + base64.RawStdEncoding.EncodeToString(key(64)), ""},
		"23 bytes":         {"whsec_" + base64.StdEncoding.EncodeToString(key(23)), "a key of 23 bytes, want 24 to 64"},
		"65 bytes":         {"whsec_" + base64.StdEncoding.EncodeToString(key(65)), "a key of 65 bytes, want 24 to 64"},
		"empty":            {"", "does not begin with whsec_"},
		"no prefix":        {base64.StdEncoding.EncodeToString(key(32)), "does not begin with whsec_"},
		"prefix only":      {"whsec_", "a key of 0 bytes"},
		"URL alphabet":     {"whsec_" + base64.URLEncoding.EncodeToString(key(32)), "not base64"},
		"line end":         {vectorSecret + "\n", "not base64"},
		"padding too long": {vectorSecret + "==", "not base64"},
		"space":            {"whsec_ " + vectorSecret[6:], "not base64"},
		"signing key":      {vectorSigningKey, ""},
		"the long form":    {vectorSigningKeyLong, ""},
		"31 byte seed":     {"whsk_" + base64.StdEncoding.EncodeToString(key(31)), "a signing key of 31 bytes, want 32 or 64"},
		"48 byte key":      {"whsk_" + base64.StdEncoding.EncodeToString(key(48)), "a signing key of 48 bytes, want 32 or 64"},
		"halves of two":    {"whsk_" + base64.StdEncoding.EncodeToString(key(64)), "do not belong together"},
		"whsk_ only":       {"whsk_", "a signing key of 0 bytes"},
		"whsk_, no base64": {"whsk_ " + vectorSigningKey[5:], "what follows whsk_ is not base64"},
		"public key":       {vectorPublicKey, "does not begin with whsec_ or whsk_"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			secret, err := webhook.ParseSecret(tt.text)
			if tt.wantText == "" {
				if err != nil || secret.Reveal() != tt.text || secret.Prefix() != tt.text[:12] {
					t.Fatalf("got %q, %q, %v", secret.Reveal(), secret.Prefix(), err)
				}
				return
			}
			if !errors.Is(err, webhook.ErrBadSecret) || !strings.Contains(err.Error(), tt.wantText) {
				t.Fatalf("got %v, want %q", err, tt.wantText)
			}
			if _, rest, _ := strings.Cut(tt.text, "_"); rest != "" && strings.Contains(err.Error(), rest) {
				t.Fatalf("the error quotes the secret: %v", err)
			}
		})
	}
}

func TestNewSecret(t *testing.T) {
	t.Parallel()
	a, b := webhook.NewSecret(), webhook.NewSecret()
	if a.Reveal() == b.Reveal() {
		t.Fatal("two new secrets are the same")
	}
	again := mustSecret(t, a.Reveal())
	if again.Reveal() != a.Reveal() || len(a.Reveal()) != len("whsec_")+44 {
		t.Fatalf("a new secret has %d characters", len(a.Reveal()))
	}
}

func TestZeroSecret(t *testing.T) {
	t.Parallel()
	var zero webhook.Secret
	if !zero.IsZero() || zero.Reveal() != "" || zero.Prefix() != "" || zero.String() != "[secret]" {
		t.Fatal("the zero secret holds something")
	}
	if _, err := webhook.NewSigner(zero); !errors.Is(err, webhook.ErrNoSecret) {
		t.Fatalf("signer: %v", err)
	}
	if _, err := webhook.NewVerifier(nil); !errors.Is(err, webhook.ErrNoSecret) {
		t.Fatalf("verifier: %v", err)
	}
}

func TestLiteralSecret(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, wantPrefix string }{
		"one byte":          {"x", ""},
		"three":             {"abc", ""},
		"sixteen":           {"0123456789abcdef", "0123"},
		"48":                {strings.Repeat("0123456789ab", 4), "0123456789ab"},
		"256":               {strings.Repeat("x", 256), "xxxxxxxxxxxx"},
		"not whsec_ enough": {"whsec_your-secret-key", "whsec"},
		"whsec_":            {vectorSecret, vectorSecret[:12]},
		"whsk_":             {vectorSigningKey, vectorSigningKey[:12]},
		"another's whsk_":   {"whsk_bcUrWCxnFdULeBuDW6zf", "whsk_b"},
		"letters of two":    {"ääää" + "0123", "ä"}, // Cut at 3 bytes, in the middle of one.
		"bytes":             {"\x80\x80\x80\x80\x80\x80\x80\x80", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := webhook.LiteralSecret(tt.text)
			if err != nil || s.Reveal() != tt.text || s.Prefix() != tt.wantPrefix || s.IsZero() {
				t.Fatalf("got %q, %q, %v", s.Reveal(), s.Prefix(), err)
			}
			if _, notParsed := webhook.ParseSecret(tt.text); s.Asymmetric() != (notParsed == nil && tt.text[:5] == "whsk_") {
				t.Errorf("asymmetric: %v", s.Asymmetric())
			}
		})
	}
	for _, size := range []int{0, 257} {
		text := strings.Repeat("x", size)
		s, err := webhook.LiteralSecret(text)
		if !errors.Is(err, webhook.ErrBadSecret) || !strings.Contains(err.Error(), "want 1 to 256") || !s.IsZero() {
			t.Errorf("%d bytes: got %v", size, err)
		}
	}
}
