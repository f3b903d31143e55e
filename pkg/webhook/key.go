package webhook

import (
	"errors"
	"fmt"
)

// ErrNoSecret is what signers and verifiers are refused with that have no
// secret, or a zero one.
var ErrNoSecret = errors.New("webhook: no secret")

// key is a secret at work in a scheme: one of the two. It is no interface, so
// that signing into a caller's buffer does not allocate.
type key struct {
	hmac    *hmacKey
	ed25519 *ed25519Key
}

// keysOf returns a key for each secret.
func keysOf(s *Scheme, secrets []Secret) ([]key, error) {
	keys := make([]key, len(secrets))
	for i, secret := range secrets {
		switch {
		case secret.IsZero():
			return nil, ErrNoSecret
		case !secret.Asymmetric():
			keys[i].hmac = newHMACKey(secret.hmacKey(s.Key), s.Encoding)
		case !s.asymmetric():
			return nil, fmt.Errorf("%w: an ed25519 key signs Standard Webhooks only, not the scheme %q", ErrBadSecret, s.Name)
		default:
			private := secret.kept().private
			keys[i].ed25519 = &ed25519Key{private: private, public: publicHalf(private)}
		}
	}
	return keys, nil
}

// publicKeysOf is keysOf for keys that verify only.
func publicKeysOf(s *Scheme, public []PublicKey) ([]key, error) {
	keys := make([]key, len(public))
	for i, p := range public {
		if p.IsZero() {
			return nil, fmt.Errorf("%w: it is the zero one", ErrBadPublicKey)
		}
		if !s.asymmetric() {
			return nil, fmt.Errorf("%w: ed25519 is for Standard Webhooks only, not the scheme %q", ErrBadPublicKey, s.Name)
		}
		keys[i].ed25519 = &ed25519Key{public: p}
	}
	return keys, nil
}

func (k *key) version() string {
	if k.ed25519 != nil {
		return versionEd25519
	}
	return versionHMAC
}

func (k *key) appendDigest(dst []byte, m message) []byte {
	if k.ed25519 != nil {
		return k.ed25519.appendDigest(dst, m)
	}
	return k.hmac.appendDigest(dst, m)
}

func (k *key) verify(s *Scheme, m message, header string) bool {
	if k.ed25519 != nil {
		return k.ed25519.verify(s, m, header)
	}
	return k.hmac.verify(s, m, header)
}
