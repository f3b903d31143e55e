package webhook

import (
	"fmt"
	"net/http"
	"strings"
)

// claim is what a delivery's headers say of its signature. Parts that the
// scheme does not sign stay empty.
type claim struct{ id, timestamp, signature string }

// claim returns an error if a header is missing that the scheme signs or
// requires.
func (s *Scheme) claim(header http.Header) (c claim, err error) {
	if s.Content == SignIDTimestampBody {
		if c.id, err = need(header, s.IDHeader); err != nil {
			return claim{}, err
		}
	}
	if s.timed() && s.Form != FormFields {
		if c.timestamp, err = need(header, s.TimestampHeader); err != nil {
			return claim{}, err
		}
	}
	if c.signature, err = need(header, s.SignatureHeader); err != nil {
		return claim{}, err
	}
	return c, s.checkRest(header)
}

func need(header http.Header, name string) (string, error) {
	value := header.Get(name)
	if value == "" {
		return "", fmt.Errorf("%w: %s", ErrMissingHeader, name)
	}
	return value, nil
}

// checkRest looks at what claim has not.
func (s *Scheme) checkRest(header http.Header) error {
	for _, name := range s.Required {
		if _, err := need(header, name); err != nil {
			return err
		}
	}
	// Of two single signatures another reader might take the other.
	if s.Form == FormSingle && len(header.Values(s.SignatureHeader)) > 1 {
		return ErrNoMatch
	}
	return nil
}

// message puts together what was signed.
func (s *Scheme) message(c claim, body []byte) (m message, err error) {
	// The id, unless it is signed, is empty.
	if strings.Contains(c.id, ".") {
		return m, ErrBadID
	}
	m = message{content: s.Content, id: c.id, body: body}
	if s.timed() {
		m.seconds, err = s.signedSeconds(c)
	}
	return m, err
}

// signedSeconds returns the time that was signed, from its own header or from
// among the fields of the signature's.
func (s *Scheme) signedSeconds(c claim) (int64, error) {
	name, text := s.TimestampHeader, c.timestamp
	if s.Form == FormFields {
		name, text = s.SignatureHeader, onlyTime(c.signature)
	}
	seconds, ok := parseSeconds(text)
	if !ok {
		return 0, fmt.Errorf("%w: %s", ErrBadTimestamp, name)
	}
	return seconds, nil
}
