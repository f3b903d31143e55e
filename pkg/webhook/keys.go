package webhook

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

const (
	secretPrefix = "whsec_"

	// The key's length in bytes (spec section "Signature scheme").
	minKey, maxKey = 24, 64
	// newKey is as long as the output of SHA-256; a longer key adds nothing.
	newKey = 32
	// maxLiteral bounds a literal secret, in bytes.
	maxLiteral = 256
)

// ErrBadSecret is in every error about a secret's form, or about one that a
// scheme cannot use. The texts say what is wrong and never quote the secret.
var ErrBadSecret = errors.New("bad webhook secret")

// NewSecret makes a secret of 32 random bytes.
func NewSecret() Secret {
	key := make([]byte, newKey)
	rand.Read(key) // Never fails since Go 1.24.
	return keep(kept{text: secretPrefix + base64.StdEncoding.EncodeToString(key), key: key})
}

// ParseSecret reads what Standard Webhooks knows (spec section "Signature
// scheme"), in standard base64, padded or not: "whsec_" and 24 to 64 bytes, or
// an ed25519 signing key, "whsk_" and the 32 bytes of its seed or the 64 of
// seed and public key. Its errors match ErrBadSecret.
func ParseSecret(text string) (Secret, error) {
	if encoded, ok := strings.CutPrefix(text, secretPrefix); ok {
		return parseShared(text, encoded)
	}
	if encoded, ok := strings.CutPrefix(text, privatePrefix); ok {
		return parsePrivate(text, encoded)
	}
	return Secret{}, fmt.Errorf("%w: it does not begin with %s or %s", ErrBadSecret, secretPrefix, privatePrefix)
}

func parseShared(text, encoded string) (Secret, error) {
	key, err := decodeKey(encoded)
	if err != nil {
		return Secret{}, notBase64(ErrBadSecret, secretPrefix)
	}
	if len(key) < minKey || len(key) > maxKey {
		return Secret{}, fmt.Errorf("%w: a key of %d bytes, want %d to %d", ErrBadSecret, len(key), minKey, maxKey)
	}
	return keep(kept{text: text, key: key}), nil
}

// LiteralSecret takes any text of 1 to 256 bytes. What ParseSecret reads is
// that same secret. Of any other the key is the text, in every scheme. Its
// error matches ErrBadSecret.
//
// How strong a text is nobody checks here: take 16 random characters or more.
func LiteralSecret(text string) (Secret, error) {
	if text == "" || len(text) > maxLiteral {
		return Secret{}, fmt.Errorf("%w: it has %d bytes, want 1 to %d", ErrBadSecret, len(text), maxLiteral)
	}
	if s, err := ParseSecret(text); err == nil {
		return s, nil
	}
	return keep(kept{text: text}), nil
}

func decodeKey(encoded string) ([]byte, error) {
	// The decoder skips line ends. A secret with one inside is a paste gone
	// wrong, and would not equal the other side's text.
	if at := strings.IndexAny(encoded, "\r\n"); at >= 0 {
		return nil, base64.CorruptInputError(at)
	}
	if strings.HasSuffix(encoded, "=") {
		return base64.StdEncoding.DecodeString(encoded)
	}
	return base64.RawStdEncoding.DecodeString(encoded)
}

// notBase64 leaves out the decoder's error, which may quote.
func notBase64(sentinel error, prefix string) error {
	return fmt.Errorf("%w: what follows %s is not base64", sentinel, prefix)
}
