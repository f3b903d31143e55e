package control

import (
	"github.com/posthaste/posthaste/pkg/webhook"
)

// shownChars is how much of a secret is shown, to tell it from others.
const shownChars = 12

// readSecret takes the caller's secret, or makes one where there is none.
func readSecret(given *string, f *faults) (secret webhook.Secret, made bool) {
	if given == nil {
		return webhook.NewSecret(), true
	}
	secret, err := webhook.ParseSecret(*given)
	if err != nil {
		f.add("secret", "%s; it must be whsec_ and the base64 of 24 to 64 bytes, or leave it out and one is made", err)
	}
	return secret, false
}

// prefix of a stored secret, which may be of a dialect that has short ones.
func prefix(secret string) string { return secret[:min(len(secret), shownChars, len(secret)/2)] }
