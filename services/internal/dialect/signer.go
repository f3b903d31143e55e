package dialect

import (
	"fmt"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
)

// Signer signs the deliveries of one subscription. It is safe for concurrent
// use, and worth keeping.
type Signer struct {
	own      *webhook.Signer // nil where the dialect's signature is the standard one
	standard *webhook.Signer // nil where the standard headers are not sent
}

// NewSigner signs with all of the secrets, newest first, as they are stored. A
// dialect whose signature header takes one signature signs with the newest in
// it, and with all in webhook-signature. Errors match webhook.ErrBadSecret or
// webhook.ErrNoSecret and never quote a secret.
func (d *Dialect) NewSigner(secrets ...string) (*Signer, error) {
	read := make([]webhook.Secret, len(secrets))
	for i, text := range secrets {
		var err error
		if read[i], err = d.Secret.read(text); err != nil {
			return nil, fmt.Errorf("read secret %d of %d for dialect %s: %w", i+1, len(secrets), d.Name, err)
		}
	}
	s := &Signer{}
	var err error
	if !d.standard() {
		if s.own, err = webhook.NewSchemeSigner(d.Scheme, read...); err != nil {
			return nil, fmt.Errorf("sign in dialect %s: %w", d.Name, err)
		}
	}
	if d.StandardHeaders {
		if s.standard, err = webhook.NewSchemeSigner(webhook.Standard(), read...); err != nil {
			return nil, fmt.Errorf("sign the standard headers in dialect %s: %w", d.Name, err)
		}
	}
	return s, nil
}

// standard says whether the dialect's signature is that of Standard Webhooks.
func (d *Dialect) standard() bool { return d.Scheme.SignatureHeader == webhook.HeaderSignature }

func appendSignature(dst []byte, s *webhook.Signer, in *Delivery, now time.Time, body []byte) []byte {
	if s == nil {
		return dst
	}
	return s.AppendSign(dst, in.ID, now, body)
}
