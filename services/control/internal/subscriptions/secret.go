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
	asymmetric := algorithm == string(dialect.Ed25519)
	if given != nil {
		if *given == "" {
			f.Add("secret", "must not be empty; leave it out where one is to be made")
		} else if err := d.CheckSecret(*given); err != nil {
			f.Add("secret", "%s", err)
		} else if algorithm != "" && strings.HasPrefix(*given, signingKeyPrefix) != asymmetric {
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

// algorithmOf is how the newest secret signs.
func algorithmOf(sub *subscription.Subscription) string {
	if secrets := sub.GetSecrets(); len(secrets) > 0 && strings.HasPrefix(secrets[0].GetValue(), signingKeyPrefix) {
		return string(dialect.Ed25519)
	}
	return string(dialect.HMACSHA256)
}

// publicKey is what receivers verify with, "" for a shared secret.
func publicKey(sub *subscription.Subscription) string {
	if algorithmOf(sub) != string(dialect.Ed25519) {
		return ""
	}
	secret, err := webhook.ParseSecret(sub.GetSecrets()[0].GetValue())
	if err != nil {
		return ""
	}
	key, _ := secret.PublicKey()
	return key.String()
}

// Prefix of a stored secret, which may be of a dialect that has short ones.
func Prefix(secret string) string { return secret[:min(len(secret), shownChars, len(secret)/2)] }
