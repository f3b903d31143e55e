package dispatcher

import (
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// newSigner signs with every secret of the subscription that has not expired.
// until is when the first of them does, zero for never.
func newSigner(sub *subscription.Subscription, now time.Time) (signer *webhook.Signer, until time.Time, err error) {
	var secrets []webhook.Secret
	for _, stored := range sub.GetSecrets() {
		if stored.GetExpiresAt() != nil {
			expires := stored.GetExpiresAt().AsTime()
			if !expires.After(now) {
				continue
			}
			if until.IsZero() || expires.Before(until) {
				until = expires
			}
		}
		secret, err := webhook.ParseSecret(stored.GetValue())
		if err != nil {
			return nil, until, err
		}
		secrets = append(secrets, secret)
	}
	signer, err = webhook.NewSigner(secrets...)
	return signer, until, err
}
