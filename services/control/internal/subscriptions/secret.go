package subscriptions

import (
	"slices"
	"strings"

	"github.com/posthaste/posthaste/pkg/webhook"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// shownChars is how much of a secret is shown, to tell it from others.
const shownChars = 12

// signingKeyPrefix begins private ed25519 keys, which are never shown.
const signingKeyPrefix = "whsk_"

// readSecret takes the caller's secret by the dialect's rules, or makes one
// where there is none. made is what the caller has to be told, "" for nothing.
func readSecret(d *dialect.Dialect, given *string, algorithm string, f *rest.Faults) (secret, made string) {
	if algorithm != "" && !slices.Contains(d.Secret.Algorithms, dialect.Algorithm(algorithm)) {
		f.Add("signingAlgorithm", "%.64q is not one that the dialect %s signs with; it has %q", algorithm, d.Name, d.Secret.Algorithms)
		return "", ""
	}
	asymmetric := algorithm == string(dialect.Ed25519) || !slices.Contains(d.Secret.Algorithms, dialect.HMACSHA256)
	if given != nil {
		if *given == "" {
			f.Add("secret", "must not be empty; leave it out where one is to be made")
		} else if err := d.CheckSecret(*given); err != nil {
			f.Add("secret", "%s", err)
		} else if algorithm != "" && isPrivateKey(d, *given) != asymmetric {
			f.Add("secret", "is not one for %s", algorithm)
		}
		return *given, ""
	}
	if err := d.CheckSecret(""); err != nil {
		f.Add("secret", "%s", err)
		return "", ""
	}
	if asymmetric {
		key, _ := webhook.NewKeyPair()
		return key.Reveal(), "" // the receiver needs the public key alone
	}
	secret = webhook.NewSecret().Reveal()
	return secret, secret
}

// isPrivateKey holds for ed25519 keys. Where a secret may be any text, one that
// looks like a key is text all the same.
func isPrivateKey(d *dialect.Dialect, secret string) bool {
	return d.Secret.Form == dialect.StandardForm && strings.HasPrefix(secret, signingKeyPrefix)
}

// algorithmOf is how the newest secret signs.
func algorithmOf(d *dialect.Dialect, opened subscription.Secrets) string {
	if secrets := opened.GetSecrets(); len(secrets) > 0 && isPrivateKey(d, secrets[0].GetValue()) {
		return string(dialect.Ed25519)
	}
	return string(dialect.HMACSHA256)
}

// identify gives what tells a secret from others: the public key that receivers
// verify with, or the prefix of one that is shared.
func identify(d *dialect.Dialect, text string) (prefix, public string) {
	if !isPrivateKey(d, text) {
		return prefixOf(text), ""
	}
	secret, err := webhook.ParseSecret(text)
	if err != nil {
		return "", ""
	}
	key, _ := secret.PublicKey()
	return "", key.String()
}

// SecretPrefix is what is shown of the newest secret, "" where it cannot be
// opened.
func (r *Resource) SecretPrefix(sub *subscription.Subscription) string {
	if secrets := r.opened(sub).GetSecrets(); len(secrets) > 0 {
		return prefixOf(secrets[0].GetValue())
	}
	return ""
}

// opened are the secrets of sub for a view, none where they cannot be opened:
// that is no reason to show nothing at all.
func (r *Resource) opened(sub *subscription.Subscription) subscription.Secrets {
	opened, err := r.deps.Store.Open(sub)
	if err != nil {
		r.shut.Do(func() { r.log.Error("secrets are not shown", "error", err) })
	}
	return opened
}

// prefixOf is for a stored secret, which may be of a dialect that has short ones.
func prefixOf(secret string) string {
	return strings.ToValidUTF8(secret[:min(len(secret), shownChars, len(secret)/2)], "")
}
