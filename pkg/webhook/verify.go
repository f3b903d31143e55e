package webhook

import (
	"net/http"
	"slices"
	"time"
)

// Verifier checks that deliveries come from who holds one of its secrets. It
// is safe for concurrent use, and worth keeping: it reuses its HMAC states.
type Verifier struct {
	scheme    Scheme
	keys      []key
	public    []PublicKey // From the options; keys has them too.
	tolerance time.Duration
	now       func() time.Time
	maxBody   int64
}

// NewVerifier returns a verifier of Standard Webhooks, or of what WithScheme
// says, that accepts each of the secrets, and of the keys of WithPublicKeys.
// Two are for the time of a rotation. It returns ErrNoSecret if there is none,
// an error that matches ErrBadSecret or ErrBadPublicKey for an ed25519 key
// where the scheme has no place for it, and an error for an option out of range.
func NewVerifier(secrets []Secret, opts ...Option) (*Verifier, error) {
	v := &Verifier{scheme: Standard(), tolerance: DefaultTolerance, now: time.Now, maxBody: DefaultMaxBody}
	for _, opt := range opts {
		if err := opt(v); err != nil {
			return nil, err
		}
	}
	if len(secrets)+len(v.public) == 0 {
		return nil, ErrNoSecret
	}
	shared, err := keysOf(&v.scheme, secrets)
	if err != nil {
		return nil, err
	}
	public, err := publicKeysOf(&v.scheme, v.public)
	if err != nil {
		return nil, err
	}
	v.keys = slices.Concat(shared, public)
	return v, nil
}

// Verify checks the headers and the raw body of one attempt (spec section
// "Verifying signatures"). It returns nil when a signature matches and the
// time, where one is signed, is within the tolerance, and otherwise an error
// that matches one of this package's sentinels. Signatures of other versions
// are ignored.
//
// It does not remember ids: a repeat within the tolerance passes, and where no
// time is signed, any repeat. Use the delivery's id to drop it.
func (v *Verifier) Verify(header http.Header, body []byte) error {
	_, err := v.verify(header, body)
	return err
}

// verify returns the time that was signed, or the zero time.
func (v *Verifier) verify(header http.Header, body []byte) (at time.Time, err error) {
	c, err := v.scheme.claim(header)
	if err != nil {
		return time.Time{}, err
	}
	m, err := v.scheme.message(c, body)
	if err != nil {
		return time.Time{}, err
	}
	if v.scheme.timed() {
		at = time.Unix(m.seconds, 0)
		if err := v.checkAge(at); err != nil {
			return time.Time{}, err
		}
	}
	for i := range v.keys {
		if v.keys[i].verify(&v.scheme, m, c.signature) {
			return at, nil
		}
	}
	return time.Time{}, ErrNoMatch
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
