package dialect

import (
	"errors"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/pkg/webhook"
)

func TestCheckSecret(t *testing.T) {
	t.Parallel()
	pair, _ := webhook.NewKeyPair()
	fifteen, sixteen, most := strings.Repeat("é", 15), strings.Repeat("é", 16), strings.Repeat("x", 128)
	for _, tt := range []struct{ dialect, secret, want string }{
		{"standard", testSecret, ""},
		{"standard", "", ""},
		{"standard", pair.Reveal(), ""},
		{"standard", "s3cr3t-value", "cannot be used: it does not begin with whsec_ or whsk_"},
		{"standard", "whsec_s3cr3t", "cannot be used: a key of 4 bytes, want 24 to 64"},
		{"neiracore", "x", ""},
		{"neiracore", "whsec_your-secret-key", ""},
		{"neiracore", strings.Repeat("x", 256), ""},
		{"neiracore", "", "is required in the dialect neiracore: give one of 1 to 256 characters"},
		{"neiracore", strings.Repeat("x", 257), "must have 1 to 256 characters, has 257"},
		{"neiracore", strings.Repeat("é", 129), "cannot be used: it has 258 bytes, want 1 to 256"},
		{"neiracore", pair.Reveal(), "is an ed25519 key (whsk_), which this dialect does not sign with: give a shared secret"},
		{"aicity", "", ""},
		{"aicity", testSecret, "is made by the server in the dialect aicity: leave it out"},
		{"agentrail", "", ""},
		{"agentrail", sixteen, ""},
		{"agentrail", most, ""},
		{"agentrail", fifteen, "must have 16 to 128 characters, has 15"},
		{"agentrail", most + "x", "must have 16 to 128 characters, has 129"},
		{"github", "any text", ""},
		{"stripe", "any text", ""},
	} {
		err := builtinNamed(t, tt.dialect).CheckSecret(tt.secret)
		if got := text(err); got != tt.want {
			t.Errorf("%s, %.20q: %q, want %q", tt.dialect, tt.secret, got, tt.want)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestServersSecrets: what the server makes may sign in every dialect.
func TestServersSecrets(t *testing.T) {
	t.Parallel()
	for _, d := range Builtin().All() {
		made := webhook.NewSecret().Reveal()
		if err := d.Secret.check(made); err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
		signerOf(t, d, made)
	}
}

func TestOnlyEd25519(t *testing.T) {
	t.Parallel()
	d := named(t, loaded(t, "dialects:\n- {name: x, extends: standard, secret: {algorithms: [ed25519]}}\n"), "x")
	if got := text(d.CheckSecret(testSecret)); got != "must be an ed25519 key (whsk_): this dialect signs with nothing else" {
		t.Errorf("%q", got)
	}
	pair, _ := webhook.NewKeyPair()
	if err := d.CheckSecret(pair.Reveal()); err != nil {
		t.Error(err)
	}
}

// TestNewSignerErrors name the place of a secret and never the secret.
func TestNewSignerErrors(t *testing.T) {
	t.Parallel()
	pair, _ := webhook.NewKeyPair()
	for _, d := range Builtin().All() {
		if _, err := d.NewSigner(); !errors.Is(err, webhook.ErrNoSecret) {
			t.Errorf("%s, none: %v", d.Name, err)
		}
		_, err := d.NewSigner(testSecret, strings.Repeat("s3cr3t", 99))
		if !errors.Is(err, webhook.ErrBadSecret) || !strings.Contains(err.Error(), "secret 2 of 2") || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s, a bad one: %v", d.Name, err)
		}
		if _, err := d.NewSigner(pair.Reveal()); (err == nil) != (d.Name == Standard) {
			t.Errorf("%s, an ed25519 key: %v", d.Name, err)
		}
	}
}
