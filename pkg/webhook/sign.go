package webhook

import (
	"errors"
	"time"
)

// ErrNoSecret is what NewSigner and NewVerifier return without any secret, or
// with a zero one.
var ErrNoSecret = errors.New("webhook: no secret")

// Signer signs deliveries for one endpoint. It is safe for concurrent use, and
// worth keeping: it reuses its HMAC states.
type Signer struct{ keys []*hmacKey }

// NewSigner returns a signer that signs with each of the secrets, in that
// order. Two are for the time of a rotation: the receiver accepts either (spec
// section "Webhook headers"). It returns ErrNoSecret if there is none.
func NewSigner(secrets ...Secret) (*Signer, error) {
	keys, err := hmacKeys(secrets)
	if err != nil {
		return nil, err
	}
	return &Signer{keys}, nil
}

// Sign returns the value of the webhook-signature header for one attempt:
// "v1,<base64>" for each secret, with spaces between (spec section "Signature
// scheme"). The id goes into webhook-id, the timestamp's whole seconds into
// webhook-timestamp.
//
// The id must hold no full stop, or parts of the body could pass for parts of
// the id; verifiers of this package refuse it.
func (s *Signer) Sign(id string, timestamp time.Time, body []byte) string {
	var room [2 * (signatureLen + 1)]byte // Enough for a rotation, on the stack.
	return string(s.AppendSign(room[:0], id, timestamp, body))
}

// AppendSign is Sign, appending to dst. It does not allocate when dst has room
// for 48 bytes per secret.
func (s *Signer) AppendSign(dst []byte, id string, timestamp time.Time, body []byte) []byte {
	for i, key := range s.keys {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = key.appendSignature(dst, id, timestamp.Unix(), body)
	}
	return dst
}
