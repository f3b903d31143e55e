package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// A key is <id>_<secret>, such as phk_01M7ZVZ4QCPE4E6QYW9P7ATQYE_ and 52
// characters: its id is how it begins, so that whoever finds one knows which to
// revoke. Scanners find ^phk_[0-9A-HJKMNP-TV-Z]{26}_[A-Z2-7]{52}$.
const (
	idPrefix = "phk_"
	idLength = len(idPrefix) + ulid.EncodedSize
	// secretLength is that of two texts of package rand, 130 bits each.
	secretLength = 2 * 26
	tokenLength  = idLength + 1 + secretLength
)

// newToken makes a key of 260 random bits, and its id.
func newToken(now time.Time) (id, token string) {
	id = idPrefix + ulid.MustNew(ulid.Timestamp(now), rand.Reader).String()
	return id, id + "_" + rand.Text() + rand.Text()
}

// idOf is the id that a key begins with; ok is false for what is no key of
// ours.
func idOf(token string) (id string, ok bool) {
	if len(token) != tokenLength || token[idLength] != '_' {
		return "", false
	}
	return token[:idLength], CheckID(token[:idLength])
}

// CheckID holds for ids of keys. Anything else is no key of the bucket, or a
// wildcard in one.
func CheckID(id string) bool {
	rest, ok := strings.CutPrefix(id, idPrefix)
	if !ok || len(id) != idLength {
		return false
	}
	for i := range len(rest) {
		if c := rest[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// digestOf keeps a key of ours off the heap.
func digestOf(token string) [sha256.Size]byte {
	var room [2 * tokenLength]byte
	return sha256.Sum256(append(room[:0], token...))
}
