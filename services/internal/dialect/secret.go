package dialect

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/posthaste/posthaste/pkg/webhook"
)

// maxSecret is the longest literal secret of package webhook.
const maxSecret = 256

// SecretPolicy says which secrets a dialect's subscriptions may have.
type SecretPolicy struct {
	From From
	Form SecretForm
	// MinLength and MaxLength are in characters.
	MinLength, MaxLength int
	Algorithms           []Algorithm
}

// From says who makes the secret.
type From string

const (
	// FromCaller is the caller, always.
	FromCaller From = "caller"
	// FromServer is the server; the caller may not give one.
	FromServer From = "server"
	// FromEither is the caller, else the server.
	FromEither From = "either"
)

// SecretForm says how a secret is written.
type SecretForm string

const (
	// StandardForm is whsec_ and a key in base64, as Standard Webhooks has
	// it, or whsk_ where ed25519 is allowed.
	StandardForm SecretForm = "standard"
	// AnyForm is any text.
	AnyForm SecretForm = "any"
)

// Algorithm is how a secret signs.
type Algorithm string

const (
	// HMACSHA256 has a key that both sides know.
	HMACSHA256 Algorithm = "hmac_sha256"
	// Ed25519 has a private key, whsk_, that stays with the sender.
	Ed25519 Algorithm = "ed25519"
)

// CheckSecret holds for the secret that a caller gives, "" where none is
// given. Its error says what to do and never quotes the secret.
func (d *Dialect) CheckSecret(text string) error {
	switch {
	case text == "" && d.Secret.From == FromCaller:
		return fmt.Errorf("is required in the dialect %s: give one of %d to %d characters", d.Name, d.Secret.MinLength, d.Secret.MaxLength)
	case text == "":
		return nil
	case d.Secret.From == FromServer:
		return fmt.Errorf("is made by the server in the dialect %s: leave it out", d.Name)
	}
	return d.Secret.check(text)
}

// check is for every secret, whoever made it.
func (p *SecretPolicy) check(text string) error {
	if n := utf8.RuneCountInString(text); n < p.MinLength || n > p.MaxLength {
		return fmt.Errorf("must have %d to %d characters, has %d", p.MinLength, p.MaxLength, n)
	}
	secret, err := p.read(text)
	switch {
	case err != nil:
		return secretProblem(err)
	case secret.Asymmetric() && !slices.Contains(p.Algorithms, Ed25519):
		return errors.New("is an ed25519 key (whsk_), which this dialect does not sign with: give a shared secret")
	case !secret.Asymmetric() && !slices.Contains(p.Algorithms, HMACSHA256):
		return errors.New("must be an ed25519 key (whsk_): this dialect signs with nothing else")
	}
	return nil
}

func (p *SecretPolicy) read(text string) (webhook.Secret, error) {
	if p.Form == StandardForm {
		return webhook.ParseSecret(text)
	}
	return webhook.LiteralSecret(text)
}

// secretProblem leaves out the sentinel's text, as the field's name stands
// before it anyway.
func secretProblem(err error) error {
	return fmt.Errorf("cannot be used: %s", strings.TrimPrefix(err.Error(), webhook.ErrBadSecret.Error()+": "))
}
