package webhook_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/pkg/webhook"
)

// TestSecretHides tries the ways in which secrets reach logs.
func TestSecretHides(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"whsec_": vectorSecret, "whsk_": vectorSigningKey, "long whsk_": vectorSigningKeyLong,
		"literal": "a secret of the caller's own",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			secret := mustLiteral(t, text)
			out := everyWayOut(t, secret)
			for _, leak := range leaksOf(secret) {
				if strings.Contains(strings.ToLower(out), strings.ToLower(leak)) {
					t.Errorf("found %q in:\n%s", leak, out)
				}
			}
			if !strings.Contains(out, `"[secret]"`) {
				t.Errorf("nothing says [secret] in:\n%s", out)
			}
		})
	}
}

// everyWayOut formats, logs and encodes the secret, and what was made of it.
func everyWayOut(t *testing.T, secret webhook.Secret) string {
	t.Helper()
	scheme := webhook.Standard()
	signer, err := webhook.NewSchemeSigner(scheme, secret)
	if err != nil {
		t.Fatal(err)
	}
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
	// What holds the key must hide it too.
	fmt.Fprintf(&out, "%v %+v %#v\n", signer, signer, signer)
	return out.String()
}

// leaksOf returns the forms in which text and key could be seen.
func leaksOf(secret webhook.Secret) (leaks []string) {
	text := secret.Reveal()
	_, encoded, _ := strings.Cut(text, "_")
	for _, b := range [][]byte{[]byte(text), []byte(encoded), decoded(encoded)} {
		if len(b) < 8 {
			continue
		}
		decimal := strings.Trim(fmt.Sprintf("%d", b[:8]), "[]") // As fmt prints a slice.
		leaks = append(leaks, string(b), hex.EncodeToString(b), decimal)
	}
	return leaks
}

func decoded(encoded string) []byte {
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil
	}
	return key
}
