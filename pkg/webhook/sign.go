package webhook

import "time"

// signRoom is enough for a rotation in any of the built-in schemes.
const signRoom = 192

// Signer signs deliveries for one endpoint. It is safe for concurrent use, and
// worth keeping: it reuses its HMAC states.
type Signer struct {
	scheme Scheme
	keys   []key
}

// NewSigner returns a signer of Standard Webhooks that signs with each of the
// secrets, in that order. Two are for the time of a rotation: the receiver
// accepts either (spec section "Webhook headers"). They may be of both kinds.
// It returns ErrNoSecret if there is none.
func NewSigner(secrets ...Secret) (*Signer, error) {
	return NewSchemeSigner(Standard(), secrets...)
}

// NewSchemeSigner returns a signer of any scheme, which has the newest secret
// first: FormSingle has room for that one only. It returns ErrNoSecret if
// there is none, and errors that match ErrBadScheme for a scheme that cannot
// work and ErrBadSecret for an ed25519 key where the scheme is not Standard
// Webhooks.
func NewSchemeSigner(s Scheme, secrets ...Secret) (*Signer, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if len(secrets) == 0 {
		return nil, ErrNoSecret
	}
	keys, err := keysOf(&s, secrets)
	if err != nil {
		return nil, err
	}
	return &Signer{s, keys}, nil
}

// Sign returns the value of the scheme's signature header for one attempt. In
// Standard Webhooks that is "v1,<base64>" for each secret, "v1a,<base64>" for
// one that is Asymmetric, with spaces between (spec section "Signature
// scheme"). Where id and time are signed, they go into IDHeader as they are
// and into TimestampHeader in whole seconds; other schemes do not look at them.
//
// An id that is signed must hold no full stop, or parts of the body could pass
// for parts of the id; verifiers of this package refuse it.
func (s *Signer) Sign(id string, at time.Time, body []byte) string {
	var room [signRoom]byte // On the stack.
	return string(s.AppendSign(room[:0], id, at, body))
}

// AppendSign is Sign, appending to dst. It does not allocate when dst has room:
// 72 bytes per secret are enough, and 24 for the time in FormFields. For a
// secret that is Asymmetric that is 93, and ed25519 itself allocates once.
func (s *Signer) AppendSign(dst []byte, id string, at time.Time, body []byte) []byte {
	m := message{s.scheme.Content, id, at.Unix(), body}
	switch s.scheme.Form {
	case FormList:
		return s.appendList(dst, m)
	case FormFields:
		return s.appendFields(dst, m)
	case FormSingle:
	}
	return s.keys[0].appendDigest(append(dst, s.scheme.Prefix...), m)
}
