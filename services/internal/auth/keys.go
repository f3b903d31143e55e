package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/posthaste/posthaste/services/internal/problem"
)

// Keys checks bearer keys.
type Keys struct {
	bootstrap [sha256.Size]byte
	live      *Live // nil: there is the bootstrap key alone
	now       func() time.Time
}

// NewKeys makes a checker of the bootstrap key and of those that live holds; nil
// for none.
func NewKeys(cfg Config, live *Live) *Keys {
	return &Keys{bootstrap: digestOf(cfg.APIKey.Reveal()), live: live, now: time.Now}
}

// Authenticate reads "Authorization: Bearer <key>". The error is a 401, or a 503
// while it cannot be known whether there is such a key.
func (k *Keys) Authenticate(r *http.Request) (Principal, error) {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	key = strings.TrimSpace(key)
	if !strings.EqualFold(scheme, "Bearer") || key == "" {
		return Principal{}, problem.Unauthorized("Send the API key as \"Authorization: Bearer <key>\".")
	}
	// Digests have one length, so the comparison takes the same time for all.
	sum := digestOf(key)
	if subtle.ConstantTimeCompare(sum[:], k.bootstrap[:]) == 1 {
		return Principal{Operator: true, Scopes: AllScopes}, nil
	}
	if id, ok := idOf(key); ok && k.live != nil {
		return k.stored(id, sum)
	}
	return Principal{}, unknownKey()
}

func unknownKey() error { return problem.Unauthorized("The API key is not known.") }

// retryAfter is what a client is told while keys cannot be known.
const retryAfter = time.Second

// stored checks a key that has the form of ours. An id that nobody has is
// compared with too, so that time tells nothing of which there are.
//
// While NATS is away what is in memory stays good: to refuse every client of a
// process that could still serve would make an outage of a hiccup, and nobody can
// revoke anything meanwhile. What is not in memory may have been made by others,
// so it is neither let in nor told to be wrong.
func (k *Keys) stored(id string, sum [sha256.Size]byte) (Principal, error) {
	inDoubt := k.live.InDoubt() // before the look: what comes in between is seen
	key, ok := k.live.memory.get(id)
	digest := sum
	if ok {
		digest = key.digest
	} else {
		digest[0] ^= 1
	}
	if subtle.ConstantTimeCompare(sum[:], digest[:]) != 1 {
		if !ok && inDoubt {
			return Principal{}, problem.Unavailable("The API key cannot be checked at the moment.", retryAfter, nil)
		}
		return Principal{}, unknownKey()
	}
	now := k.now()
	if !key.expires.IsZero() && !now.Before(key.expires) {
		return Principal{}, problem.Unauthorized("The API key has expired.")
	}
	key.use.touch(now)
	return key.principal(), nil
}
