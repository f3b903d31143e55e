package dialect

import (
	"fmt"
	"slices"

	"github.com/posthaste/posthaste/pkg/webhook"
)

// secret reads the policy.
func (b *builder) secret() {
	said := &b.spec.Secret
	from := []string{string(FromCaller), string(FromServer), string(FromEither)}
	forms := []string{string(AnyForm), string(StandardForm)}
	p := &b.d.Secret
	*p = SecretPolicy{MinLength: int(said.MinLength), MaxLength: int(said.MaxLength)}
	p.From = From(from[b.oneOf("secret.from", said.From, from...)])
	p.Form = SecretForm(forms[b.oneOf("secret.form", said.Form, forms...)])
	if p.MinLength < 1 || p.MaxLength > maxSecret || p.MinLength > p.MaxLength {
		b.fault("secret", "min_length and max_length must lie between 1 and %d, the first not above the second, are %d and %d", maxSecret, p.MinLength, p.MaxLength)
		return
	}
	b.algorithms(p)
}

func (b *builder) algorithms(p *SecretPolicy) {
	known := []string{string(HMACSHA256), string(Ed25519)}
	for i, text := range b.spec.Secret.Algorithms {
		field := fmt.Sprintf("secret.algorithms[%d]", i)
		a := Algorithm(known[b.oneOf(field, text, known...)])
		if a == Ed25519 && !asymmetric(&b.d.Scheme) {
			b.fault(field, "signs as Standard Webhooks does and not otherwise: take it away, or set the signature's content to id.timestamp.body, encoding to base64 and form to list")
		}
		p.Algorithms = append(p.Algorithms, a)
	}
	if len(p.Algorithms) == 0 {
		b.fault("secret.algorithms", "is empty; name hmac_sha256, ed25519 or both")
		return
	}
	if p.From != FromCaller {
		b.checkMade(p)
	}
}

// asymmetric says whether a scheme has a place for v1a signatures.
func asymmetric(s *webhook.Scheme) bool {
	return s.Form == webhook.FormList && s.Content == webhook.SignIDTimestampBody && s.Encoding == webhook.Base64
}

// checkMade holds the secrets that the server makes to the policy.
func (b *builder) checkMade(p *SecretPolicy) {
	made := webhook.NewSecret()
	if !slices.Contains(p.Algorithms, HMACSHA256) {
		made, _ = webhook.NewKeyPair()
	}
	if err := p.check(made.Reveal()); err != nil {
		b.fault("secret", "the secrets that the server makes %s; change the policy, or set from: caller", err)
	}
}
