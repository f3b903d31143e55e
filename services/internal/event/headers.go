package event

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/nats-io/nats.go"
)

// header reads a header whatever its case: producers spell it as they like.
func header(h nats.Header, name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	for key, v := range h {
		if len(v) > 0 && strings.EqualFold(key, name) {
			return v[0]
		}
	}
	return ""
}

// HTTPCloudEventHeaders returns the ce- headers of a request, without the
// prefix, where it is a CloudEvent in binary mode; else nil.
func HTTPCloudEventHeaders(h http.Header) map[string]string { return cloudEventHeaders(nats.Header(h)) }

// cloudEventHeaders is the same for a message. A message with any attribute
// that CloudEvents requires is meant as one, so that what is missing is told.
func cloudEventHeaders(h nats.Header) map[string]string {
	if !hasCloudEventHeader(h) {
		return nil
	}
	attributes := make(map[string]string, 8)
	for _, key := range slices.Sorted(maps.Keys(h)) { // in order: of two spellings always the same one wins
		if name, ok := attributeName(key); ok && len(h[key]) > 0 {
			attributes[name] = h[key][0]
		}
	}
	for _, required := range []string{"specversion", "id", "source", "type"} {
		if _, ok := attributes[required]; ok {
			return attributes
		}
	}
	return nil
}

func hasCloudEventHeader(h nats.Header) bool {
	for key := range h {
		if _, ok := attributeName(key); ok {
			return true
		}
	}
	return false
}

// attributeName is the name of the attribute that a header carries.
func attributeName(key string) (string, bool) {
	const prefix = "ce-"
	if len(key) <= len(prefix) || !strings.EqualFold(key[:len(prefix)], prefix) {
		return "", false
	}
	return strings.ToLower(key[len(prefix):]), true
}

// headerValue undoes the encoding of an attribute in a header, the same over
// HTTP and NATS: quotes first, then percents (CloudEvents HTTP binding,
// section 3.1.3.2).
func headerValue(name, value string) (string, error) {
	value = unquoted(value)
	if strings.Contains(value, "%") {
		decoded, err := url.PathUnescape(value)
		if err != nil {
			return "", fault(name, "has a broken percent-encoding (CloudEvents HTTP binding, section 3.1.3.2)")
		}
		value = decoded
	}
	if !utf8.ValidString(value) {
		return "", fault(name, "is not UTF-8")
	}
	return value, nil
}

// unquoted is the content of a quoted string (RFC 7230, section 3.2.6), and
// anything else as it is.
func unquoted(value string) string {
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return value
	}
	value = value[1 : len(value)-1]
	out := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		if value[i] == '\\' && i+1 < len(value) {
			i++
		}
		out = append(out, value[i])
	}
	return string(out)
}
