package settings

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// SecretURL is a URL, or a list of URLs with commas, that may hold a password:
// nats://user:password@host:4222, redis://:password@host:6379. It prints with
// every password and token replaced by "[secret]"; host and path stay readable.
// A text that isn't a URL at all prints as "[secret]".
//
// A field of this type is a secret setting without the secret tag.
type SecretURL string

// Reveal gives the URL with its password, for the client that connects.
func (u SecretURL) Reveal() string { return string(u) }

// String gives the URL with its passwords replaced.
func (u SecretURL) String() string { return redactURLs(string(u)) }

// GoString gives the same as String, for %#v.
func (u SecretURL) GoString() string { return u.String() }

// Format gives the same as String for every verb, see Secret.Format.
func (u SecretURL) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, u.String()) }

// LogValue gives the same as String to slog.
func (u SecretURL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// MarshalJSON gives the same as String as a JSON string.
func (u SecretURL) MarshalJSON() ([]byte, error) { return []byte(strconv.Quote(u.String())), nil }

// MarshalText gives the same as String.
func (u SecretURL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// secretQuery finds query values that carry credentials, as PostgreSQL allows.
var secretQuery = regexp.MustCompile(`(?i)([?&][^=&#]*(?:pass|token|secret|key)[^=&#]*=)[^&#]*`)

func redactURLs(text string) string {
	parts := splitURLs(text)
	for i, part := range parts {
		if !validURL(part) {
			return hidden
		}
		parts[i] = redactURL(part)
	}
	return strings.Join(parts, ",")
}

// redactURL cuts at the last @ rather than asking net/url for the user: a
// password with a raw / or ? in it must not survive as a path.
func redactURL(text string) string {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		scheme, rest = "", text
	} else {
		scheme += "://"
	}
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		// A name without a password is how NATS writes a token.
		user, _, hasPassword := strings.Cut(rest[:at], ":")
		if hasPassword {
			user += ":" + hidden
		} else {
			user = hidden
		}
		rest = user + rest[at:]
	}
	return scheme + secretQuery.ReplaceAllString(rest, "${1}"+hidden)
}

// splitURLs splits at commas that start another URL. "nats://a,b:4222" is one
// part: what follows a comma may still be a password.
func splitURLs(text string) []string {
	var parts []string
	for piece := range strings.SplitSeq(text, ",") {
		if len(parts) > 0 && !strings.Contains(piece, "://") {
			parts[len(parts)-1] += "," + piece
			continue
		}
		parts = append(parts, piece)
	}
	return parts
}

// validURL refuses what net/url refuses, because clients quote a URL that they
// cannot parse in their errors, password and all.
func validURL(text string) bool {
	first, _, _ := strings.Cut(text, ",")
	if !strings.Contains(text, "://") {
		return !strings.ContainsAny(text, "= \t\r\n") // "host=… password=…"
	}
	if at := strings.LastIndex(text, "@"); at > len(first) {
		first = text
	}
	parsed, err := url.Parse(first)
	return err == nil && parsed.Scheme != ""
}

// secretParts lists what must not appear of a URL: itself, if it differs from
// what is printed, and its passwords, raw and decoded.
func (u SecretURL) secretParts() []string {
	var parts []string
	for _, part := range splitURLs(string(u)) {
		if redactURL(part) != part {
			parts = append(parts, part)
		}
		parsed, err := url.Parse(part)
		if err != nil || parsed.User == nil {
			continue
		}
		password, ok := parsed.User.Password()
		if !ok {
			password = parsed.User.Username()
		}
		parts = append(parts, password, url.PathEscape(password))
	}
	return parts
}
