package webhook

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

const (
	secretPrefix = "whsec_"
	hidden       = "[secret]"

	// The key's length in bytes (spec section "Signature scheme").
	minKey, maxKey = 24, 64
	// newKey is as long as the output of SHA-256; a longer key adds nothing.
	newKey = 32
	// shownChars is how much of a secret may be shown to tell it from others:
	// the prefix whsec_ and six characters, which are 36 of at least 192 bits.
	shownChars = 12
)

// ErrBadSecret is in every error about a secret's form. The texts say what is
// wrong and never quote the secret.
var ErrBadSecret = errors.New("bad webhook secret")

// Secret is a key that sender and receiver share. It hides itself: formatted,
// logged or encoded it gives "[secret]", or nothing. Only Reveal tells it.
//
// The zero Secret holds no key; signers and verifiers refuse it. A Secret is
// immutable, safe for concurrent use, and cannot be compared with ==.
type Secret struct {
	// A function, because fmt looks into the unexported fields of a struct
	// without asking methods, and follows pointers for some verbs. Nothing
	// looks into a closure.
	kept func() kept
}

type kept struct {
	text string
	key  []byte // Never written again.
}

func keep(text string, key []byte) Secret {
	return Secret{func() kept { return kept{text, key} }}
}

// NewSecret makes a secret of 32 random bytes.
func NewSecret() Secret {
	key := make([]byte, newKey)
	rand.Read(key) // Never fails since Go 1.24.
	return keep(secretPrefix+base64.StdEncoding.EncodeToString(key), key)
}

// ParseSecret reads "whsec_" and 24 to 64 bytes in standard base64, padded or
// not (spec section "Signature scheme"). Its errors match ErrBadSecret.
func ParseSecret(text string) (Secret, error) {
	encoded, ok := strings.CutPrefix(text, secretPrefix)
	if !ok {
		return Secret{}, fmt.Errorf("%w: it does not begin with %s", ErrBadSecret, secretPrefix)
	}
	key, err := decodeKey(encoded)
	if err != nil {
		return Secret{}, fmt.Errorf("%w: what follows %s is not base64", ErrBadSecret, secretPrefix)
	}
	if len(key) < minKey || len(key) > maxKey {
		return Secret{}, fmt.Errorf("%w: a key of %d bytes, want %d to %d", ErrBadSecret, len(key), minKey, maxKey)
	}
	return keep(text, key), nil
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

// Reveal returns the secret as text, whsec_ and all, or "" for the zero
// Secret. Show it to its owner, once; store it encrypted.
func (s Secret) Reveal() string {
	if s.kept == nil {
		return ""
	}
	return s.kept().text
}

// Prefix returns the first 12 characters, by which an owner can tell which
// secret is in use, or "" for the zero Secret.
func (s Secret) Prefix() string {
	if s.kept == nil {
		return ""
	}
	return s.kept().text[:shownChars]
}

// IsZero reports whether s holds no key.
func (s Secret) IsZero() bool { return s.kept == nil }

// String returns "[secret]".
func (Secret) String() string { return hidden }

// GoString returns "[secret]".
func (Secret) GoString() string { return hidden }

// Format writes "[secret]" whatever the verb: fmt asks String for some only.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// LogValue returns "[secret]".
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalJSON returns "[secret]" as a JSON string.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// MarshalText returns "[secret]", for encoders other than JSON.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
