package webhook

import (
	"errors"
	"fmt"
	"strings"
)

// ErrBadScheme is in every error about a scheme that cannot work.
var ErrBadScheme = errors.New("webhook: bad scheme")

const (
	// maxHeaderName and maxPrefix are far above what any sender uses.
	maxHeaderName = 128
	maxPrefix     = 64
	// nameMarks are what a header's name may hold beside letters and digits
	// (RFC 9110 section 5.6.2).
	nameMarks = "!#$%&'*+-.^_`|~"
)

// Validate returns nil if the scheme can sign and verify, and else an error
// that matches ErrBadScheme and names the field that is wrong.
func (s Scheme) Validate() error {
	for _, check := range [...]func(*Scheme) (field, wrong string){
		(*Scheme).checkChoices, (*Scheme).checkHeaders, (*Scheme).checkParts, (*Scheme).checkPrefix,
	} {
		if field, wrong := check(&s); wrong != "" {
			return fmt.Errorf("%w: %s: %s", ErrBadScheme, field, wrong)
		}
	}
	return nil
}

func (s *Scheme) checkChoices() (field, wrong string) {
	switch {
	case s.Content > SignIDTimestampBody:
		return "Content", "must be SignBody, SignTimestampBody or SignIDTimestampBody"
	case s.Encoding > Base64:
		return "Encoding", "must be Hex or Base64"
	case s.Key > DecodedKey:
		return "Key", "must be LiteralKey or DecodedKey"
	case s.Form > FormFields:
		return "Form", "must be FormSingle, FormList or FormFields"
	}
	return "", ""
}

func (s *Scheme) checkHeaders() (field, wrong string) {
	if !isHeaderName(s.SignatureHeader) {
		return "SignatureHeader", wrongHeader()
	}
	for _, h := range [...]struct{ field, name string }{
		{"IDHeader", s.IDHeader},
		{"TypeHeader", s.TypeHeader},
		{"TimestampHeader", s.TimestampHeader},
		{"EventIDHeader", s.EventIDHeader},
		{"SubscriptionIDHeader", s.SubscriptionIDHeader},
		{"AttemptHeader", s.AttemptHeader},
	} {
		if h.name != "" && !isHeaderName(h.name) {
			return h.field, wrongHeader()
		}
		if strings.EqualFold(h.name, s.SignatureHeader) {
			return h.field, "must not be the signature's header"
		}
	}
	return s.checkRequired()
}

func (s *Scheme) checkRequired() (field, wrong string) {
	for i, name := range s.Required {
		if !isHeaderName(name) {
			return fmt.Sprintf("Required[%d]", i), wrongHeader()
		}
	}
	return "", ""
}

// checkParts asks for whatever a verifier needs to put together what was
// signed.
func (s *Scheme) checkParts() (field, wrong string) {
	switch {
	case s.Content == SignIDTimestampBody && s.IDHeader == "":
		return "IDHeader", "must not be empty where the id is signed"
	case s.Form == FormFields && !s.timed():
		return "Content", "must hold the time where FormFields carries one"
	case s.Form != FormFields && s.timed() && s.TimestampHeader == "":
		return "TimestampHeader", "must not be empty where the time is signed"
	}
	return "", ""
}

func (s *Scheme) checkPrefix() (field, wrong string) {
	invisible := func(r rune) bool { return r < '!' || r > '~' }
	switch {
	case s.Prefix != "" && s.Form != FormSingle:
		return "Prefix", "must be empty but in FormSingle"
	case len(s.Prefix) > maxPrefix:
		return "Prefix", fmt.Sprintf("must be at most %d bytes, is %d", maxPrefix, len(s.Prefix))
	case strings.ContainsFunc(s.Prefix, invisible):
		return "Prefix", "must be visible ASCII without spaces"
	}
	return "", ""
}

func isHeaderName(name string) bool {
	return name != "" && len(name) <= maxHeaderName && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(nameMarks, r)
	})
}

func wrongHeader() string {
	return fmt.Sprintf("must be a header's name: 1 to %d of letters, digits and %s", maxHeaderName, nameMarks)
}
