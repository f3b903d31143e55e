package webhook

import (
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"unicode/utf8"
)

const (
	hidden = "[secret]"
	// shownChars is how much of a secret may be shown to tell it from others:
	// the prefix whsec_ and six characters, which are 36 of at least 192 bits.
	shownChars = 12
	// shownPart is for secrets that are literal, which may be short: a quarter
	// may be shown.
	shownPart = 4
)

// Secret is a key to sign with. Most are shared by sender and receiver; one
// that is Asymmetric stays with the sender. It hides itself: formatted, logged
// or encoded it gives "[secret]", or nothing. Only Reveal tells it.
//
// The zero Secret holds no key; signers and verifiers refuse it. A Secret is
// immutable, safe for concurrent use, and cannot be compared with ==.
type Secret struct {
	// A function, because fmt looks into the unexported fields of a struct
	// without asking methods, and follows pointers for some verbs. Nothing
	// looks into a closure.
	kept func() kept
}

// kept has key for whsec_, private for whsk_, and neither where the text is
// all there is. Never written again.
type kept struct {
	text    string
	key     []byte
	private ed25519.PrivateKey
}

func keep(k kept) Secret { return Secret{func() kept { return k }} }

// hmacKey returns the key that a scheme makes of s, which must not be zero.
func (s Secret) hmacKey(mode KeyMode) []byte {
	if k := s.kept(); mode == DecodedKey && k.key != nil {
		return k.key
	}
	return []byte(s.kept().text)
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
// secret is in use, or "" for the zero Secret. Of a secret that is neither
// whsec_ nor whsk_ it returns a quarter, if that is less.
func (s Secret) Prefix() string {
	if s.kept == nil {
		return ""
	}
	k, n := s.kept(), shownChars
	if k.key == nil && k.private == nil {
		n = min(n, len(k.text)/shownPart)
		for n > 0 && !utf8.RuneStart(k.text[n]) {
			n--
		}
	}
	return k.text[:n]
}

// Asymmetric reports whether s is an ed25519 signing key, which signs "v1a"
// and only in Standard Webhooks.
func (s Secret) Asymmetric() bool { return s.kept != nil && s.kept().private != nil }

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
