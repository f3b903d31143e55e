package dialect

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/posthaste/posthaste/pkg/webhook"
	"github.com/posthaste/posthaste/services/internal/dialect/template"
)

const (
	maxHeaders    = 32
	maxHeaderText = 1024 // bytes of a header's name or template
	standardStart = "webhook-"
)

// field is a header of the dialect's own. One without a value is left out.
type field struct {
	name  string
	value template.Template
}

// ours are the headers that no dialect and no subscription may set: those that
// we write, those that belong to the connection (RFC 9110 section 7.6.1), and
// those that would change what the body means.
func ours() []string {
	return []string{
		"Content-Type", "User-Agent", "Traceparent", "Tracestate",
		"Host", "Content-Length", "Content-Encoding", "Expect",
		"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization",
		"TE", "Trailer", "Transfer-Encoding", "Upgrade",
	}
}

// reserved says whether a header is ours in every dialect.
func reserved(name string) bool {
	return hasFoldedPrefix(name, standardStart) ||
		slices.ContainsFunc(ours(), func(our string) bool { return strings.EqualFold(our, name) })
}

func hasFoldedPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// OwnHeader says whether the dialect or Posthaste writes a header of that
// name, so that a subscription's own headers must not have it.
func (d *Dialect) OwnHeader(name string) bool {
	return reserved(name) || strings.EqualFold(name, d.Scheme.SignatureHeader) || d.hasHeader(name)
}

func (d *Dialect) hasHeader(name string) bool {
	return slices.ContainsFunc(d.headers, func(f field) bool { return strings.EqualFold(f.name, name) })
}

// checkHeaderName refuses what is no name (RFC 9110 section 5.1) and what is
// ours.
func checkHeaderName(name string) error {
	switch {
	case name == "" || len(name) > maxHeaderText || strings.ContainsFunc(name, func(r rune) bool { return !isTokenChar(r) }):
		return errors.New("is no header name; use letters, digits and -")
	case hasFoldedPrefix(name, standardStart):
		return errors.New("is one of Standard Webhooks' own, which standard_headers is for; take it away")
	case reserved(name):
		return errors.New("is written by Posthaste or belongs to the connection; take it away")
	}
	return nil
}

// isTokenChar is tchar of RFC 9110 section 5.6.2.
func isTokenChar(r rune) bool {
	return (r >= '0' && r <= '9') || (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') || strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// newField compiles a header.
func newField(name, text string) (field, error) {
	if err := checkHeaderName(name); err != nil {
		return field{}, err
	}
	switch {
	case text == "" || strings.TrimSpace(text) != text || len(text) > maxHeaderText:
		return field{}, fmt.Errorf("must have 1 to %d bytes, and no space at its ends", maxHeaderText)
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }):
		return field{}, errors.New("must be printable ASCII on one line")
	}
	value, err := template.Compile(text)
	if err != nil {
		return field{}, err
	}
	if value.Has(template.EventData) {
		return field{}, errors.New("has ${event.data}, which is too large for a header; name a member, as in ${event.data.taskId}")
	}
	return field{name, value}, nil
}

// isStandard says whether a header carries the standard signature.
func isStandard(name string) bool { return strings.EqualFold(name, webhook.HeaderSignature) }
