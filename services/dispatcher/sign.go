package dispatcher

import (
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// newSigner signs with every secret of the subscription that has not expired.
func newSigner(sub *subscription.Subscription, now time.Time) (*webhook.Signer, error) {
	var secrets []webhook.Secret
	for _, stored := range sub.GetSecrets() {
		if stored.GetExpiresAt() != nil && !stored.GetExpiresAt().AsTime().After(now) {
			continue
		}
		secret, err := webhook.ParseSecret(stored.GetValue())
		if err != nil {
			return nil, err
		}
		secrets = append(secrets, secret)
	}
	return webhook.NewSigner(secrets...)
}
