package webhook

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Why a delivery was refused. The errors of Verify match one of these, and
// tell nothing about secrets or the signature that was expected.
var (
	// ErrMissingHeader: one of the three headers is absent or empty. The text
	// names it.
	ErrMissingHeader = errors.New("webhook: missing header")
	// ErrBadID: webhook-id holds a full stop, which the spec forbids because
	// it separates the signed parts (section "Signature scheme").
	ErrBadID = errors.New("webhook: webhook-id holds a full stop")
	// ErrBadTimestamp: webhook-timestamp is not a plain decimal number.
	ErrBadTimestamp = errors.New("webhook: webhook-timestamp is not a number of seconds")
	// ErrTooOld: the attempt was made longer ago than the tolerance.
	ErrTooOld = errors.New("webhook: timestamp too old")
	// ErrTooNew: the attempt's time lies further ahead than the tolerance.
	ErrTooNew = errors.New("webhook: timestamp too new")
	// ErrNoMatch: no v1 signature is right for any of the secrets.
	ErrNoMatch = errors.New("webhook: no matching signature")
)

// Verifier checks that deliveries come from who holds one of its secrets. It
// is safe for concurrent use, and worth keeping: it reuses its HMAC states.
type Verifier struct {
	keys      []*hmacKey
	tolerance time.Duration
	now       func() time.Time
	maxBody   int64
}

// NewVerifier returns a verifier that accepts each of the secrets. Two are for
// the time of a rotation. It returns ErrNoSecret if there is none, and an
// error for an option out of range.
func NewVerifier(secrets []Secret, opts ...Option) (*Verifier, error) {
	keys, err := hmacKeys(secrets)
	if err != nil {
		return nil, err
	}
	v := &Verifier{keys: keys, tolerance: DefaultTolerance, now: time.Now, maxBody: DefaultMaxBody}
	for _, opt := range opts {
		if err := opt(v); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// Verify checks the headers and the raw body of one attempt (spec section
// "Verifying signatures"). It returns nil when a v1 signature matches and the
// timestamp is within the tolerance, and otherwise an error that matches one
// of this package's sentinels. Signatures of other versions are ignored.
//
// It does not remember ids: a repeat within the tolerance passes. Use
// webhook-id to drop it.
func (v *Verifier) Verify(header http.Header, body []byte) error {
	_, _, err := v.verify(header, body)
	return err
}

// verify returns the id and the time of the attempt it verified.
func (v *Verifier) verify(header http.Header, body []byte) (string, time.Time, error) {
	id, timestamp, signatures := header.Get(HeaderID), header.Get(HeaderTimestamp), header.Get(HeaderSignature)
	for _, h := range [...]struct{ name, value string }{
		{HeaderID, id}, {HeaderTimestamp, timestamp}, {HeaderSignature, signatures},
	} {
		if h.value == "" {
			return "", time.Time{}, fmt.Errorf("%w: %s", ErrMissingHeader, h.name)
		}
	}
	if strings.Contains(id, ".") {
		return "", time.Time{}, ErrBadID
	}
	seconds, err := parseSeconds(timestamp)
	if err != nil {
		return "", time.Time{}, err
	}
	at := time.Unix(seconds, 0)
	if err := v.checkAge(at); err != nil {
		return "", time.Time{}, err
	}
	if !v.matches(id, seconds, body, signatures) {
		return "", time.Time{}, ErrNoMatch
	}
	return id, at, nil
}

// parseSeconds takes digits only, in their one canonical form, so that the
// number can be signed in place of the text.
func parseSeconds(s string) (int64, error) {
	seconds, err := strconv.ParseInt(s, 10, 64)
	if err != nil || s[0] < '0' || s[0] > '9' || s[0] == '0' && len(s) > 1 {
		return 0, ErrBadTimestamp
	}
	return seconds, nil
}

// checkAge relies on Sub stopping at the ends of Duration, so that absurd
// timestamps are too old or too new like others.
func (v *Verifier) checkAge(at time.Time) error {
	switch age := v.now().Sub(at); {
	case age > v.tolerance:
		return ErrTooOld
	case age < -v.tolerance:
		return ErrTooNew
	}
	return nil
}

// matches computes one HMAC for each secret, however many signatures a
// stranger sends.
func (v *Verifier) matches(id string, seconds int64, body []byte, signatures string) bool {
	var room [signatureLen]byte
	for _, key := range v.keys {
		want := key.appendSignature(room[:0], id, seconds, body)
		for got := range strings.SplitSeq(signatures, " ") {
			if equal(got, want) {
				return true
			}
		}
	}
	return false
}

// equal takes the same time wherever the two first differ. Version and length
// are no secret.
func equal(got string, want []byte) bool {
	return len(got) == len(want) && subtle.ConstantTimeCompare([]byte(got), want) == 1
}
