package idempotency

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"

	"github.com/posthaste/posthaste/services/internal/problem"
)

// Headers.
const (
	Header         = "Idempotency-Key"
	HeaderReplayed = "Idempotency-Replayed" // "true" on an answer that was kept
)

// The length of a key, in characters.
const (
	minKey = 8
	maxKey = 128
)

// keyOf reads the header; key is empty where there is none. The error is a 400
// that names the header.
func keyOf(h http.Header) (key string, err error) {
	values := h[Header]
	switch {
	case len(values) == 0:
		return "", nil
	case len(values) > 1:
		return "", badKey("stands in the request more than once")
	}
	key = values[0]
	if len(key) < minKey || len(key) > maxKey {
		return "", badKey(fmt.Sprintf("must have %d to %d characters, has %d", minKey, maxKey, len(key)))
	}
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return "", badKey(fmt.Sprintf("must be printable ASCII, is not at character %d", i+1))
		}
	}
	return key, nil
}

func badKey(message string) error {
	return problem.Validation(problem.Field{Field: Header, Message: message})
}

// bucketKey is <tenant>.<digest>. The digest is of all three, so that what has
// the same place for the tenant still differs.
func bucketKey(tenant, operation, key string) string {
	place := tenant
	if place == "" {
		place = "_"
	}
	sum := digest([]byte(tenant), []byte(operation), []byte(key))
	return place + "." + hex.EncodeToString(sum[:])
}

// digest is of the parts and where they end.
func digest(parts ...[]byte) (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, part := range parts {
		_, _ = fmt.Fprintf(h, "%d:", len(part)) // a hash takes all
		_, _ = h.Write(part)
	}
	return [sha256.Size]byte(h.Sum(nil))
}
