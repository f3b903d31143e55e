package webhook

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

const (
	privatePrefix = "whsk_"
	publicPrefix  = "whpk_"
)

// ErrBadPublicKey is in every error about a public key.
var ErrBadPublicKey = errors.New("bad webhook public key")

// PublicKey verifies what the Secret that it belongs to has signed. It is no
// secret. The zero PublicKey is none; verifiers refuse it. Keys can be compared
// with ==.
type PublicKey struct{ bytes [ed25519.PublicKeySize]byte }

// NewKeyPair makes an ed25519 key pair (spec section "Signature scheme"). The
// Secret stays with the sender; receivers get the PublicKey.
//
// The Secret's text is "whsk_" and the seed, as the specification's own Go
// library reads it.
func NewKeyPair() (Secret, PublicKey) {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed) // Never fails since Go 1.24.
	private := ed25519.NewKeyFromSeed(seed)
	text := privatePrefix + base64.StdEncoding.EncodeToString(seed)
	return keep(kept{text: text, private: private}), publicHalf(private)
}

func parsePrivate(text, encoded string) (Secret, error) {
	key, err := decodeKey(encoded)
	if err != nil {
		return Secret{}, notBase64(ErrBadSecret, privatePrefix)
	}
	if len(key) != ed25519.SeedSize && len(key) != ed25519.PrivateKeySize {
		return Secret{}, fmt.Errorf("%w: a signing key of %d bytes, want %d or %d",
			ErrBadSecret, len(key), ed25519.SeedSize, ed25519.PrivateKeySize)
	}
	// A key with another's public half would give its seed away by signing.
	private := ed25519.NewKeyFromSeed(key[:ed25519.SeedSize])
	if len(key) == len(private) && !private.Equal(ed25519.PrivateKey(key)) {
		return Secret{}, fmt.Errorf("%w: the halves of the signing key do not belong together", ErrBadSecret)
	}
	return keep(kept{text: text, private: private}), nil
}

// PublicKey returns the public half of a secret that is Asymmetric.
func (s Secret) PublicKey() (PublicKey, bool) {
	if !s.Asymmetric() {
		return PublicKey{}, false
	}
	return publicHalf(s.kept().private), true
}

func publicHalf(private ed25519.PrivateKey) (p PublicKey) {
	copy(p.bytes[:], private[ed25519.SeedSize:])
	return p
}

// ParsePublicKey reads "whpk_" and 32 bytes in standard base64, padded or not.
// Its errors match ErrBadPublicKey.
func ParsePublicKey(text string) (PublicKey, error) {
	encoded, ok := strings.CutPrefix(text, publicPrefix)
	if !ok {
		return PublicKey{}, fmt.Errorf("%w: it does not begin with %s", ErrBadPublicKey, publicPrefix)
	}
	key, err := decodeKey(encoded)
	if err != nil {
		return PublicKey{}, notBase64(ErrBadPublicKey, publicPrefix)
	}
	if len(key) != ed25519.PublicKeySize {
		return PublicKey{}, fmt.Errorf("%w: it has %d bytes, want %d", ErrBadPublicKey, len(key), ed25519.PublicKeySize)
	}
	p := PublicKey{[ed25519.PublicKeySize]byte(key)}
	if p.IsZero() {
		return PublicKey{}, fmt.Errorf("%w: it is all zeros", ErrBadPublicKey)
	}
	return p, nil
}

// IsZero reports whether p is no key.
func (p PublicKey) IsZero() bool { return p == PublicKey{} }

// String returns "whpk_" and the key in base64, or "" for the zero PublicKey.
func (p PublicKey) String() string {
	if p.IsZero() {
		return ""
	}
	return publicPrefix + base64.StdEncoding.EncodeToString(p.bytes[:])
}

// MarshalText returns what String does.
func (p PublicKey) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText is ParsePublicKey.
func (p *PublicKey) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePublicKey(string(text))
	return err
}
