package webhook_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
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
			if rest := strings.TrimPrefix(tt.text, "whsec_"); rest != "" && strings.Contains(err.Error(), rest) {
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

// TestSecretHides tries the ways in which secrets reach logs.
func TestSecretHides(t *testing.T) {
	t.Parallel()
	secret := mustSecret(t, vectorSecret)
	type config struct {
		Shown  webhook.Secret
		kept   webhook.Secret
		Listed []webhook.Secret
	}
	value := config{secret, secret, []webhook.Secret{secret}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%c", "%p"} {
		fmt.Fprintf(&out, verb+verb+verb+"\n", secret, value, &value)
	}
	for _, logger := range []*slog.Logger{
		slog.New(slog.NewJSONHandler(&out, nil)), slog.New(slog.NewTextHandler(&out, nil)),
	} {
		logger.Info("a secret", "secret", secret, "config", value, "list", value.Listed)
	}
	if err := json.NewEncoder(&out).Encode(value); err != nil {
		t.Fatal(err)
	}
	if err := json.NewEncoder(&out).Encode(value.kept); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	encoded := strings.TrimPrefix(vectorSecret, "whsec_")
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	for _, leak := range []string{
		encoded, string(key), hex.EncodeToString([]byte(vectorSecret)), hex.EncodeToString(key),
		"49 242 144 246", // The key's first bytes, as fmt prints a slice.
	} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(leak)) {
			t.Errorf("found %q in:\n%s", leak, text)
		}
	}
	if !strings.Contains(text, `"[secret]"`) {
		t.Errorf("nothing says [secret] in:\n%s", text)
	}
}
