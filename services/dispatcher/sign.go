package dispatcher

import (
	"time"

	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// newSigner signs with those of a subscription's secrets that have not expired,
// newest first. until is when the first of them does, zero for never.
func newSigner(d *dialect.Dialect, opened subscription.Secrets, now time.Time) (signer *dialect.Signer, until time.Time, err error) {
	var secrets []string
	for _, stored := range opened.GetSecrets() {
		if stored.GetExpiresAt() != nil {
			expires := stored.GetExpiresAt().AsTime()
			if !expires.After(now) {
				continue
			}
			if until.IsZero() || expires.Before(until) {
				until = expires
			}
		}
		secrets = append(secrets, stored.GetValue())
	}
	signer, err = d.NewSigner(secrets...)
	return signer, until, err
}
