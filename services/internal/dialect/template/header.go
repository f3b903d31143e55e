package template

import (
	"slices"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxHeaderValue bounds what a placeholder puts into a header, in bytes: the
// longest attribute fits, a member of data may be larger.
const MaxHeaderValue = 4096

// AppendHeader appends the text to dst with each value as it stands in a
// header, without quotes: on one line, cut to MaxHeaderValue, and left out
// where there is neither a value nor a default. now is the attempt's time.
func (t *Template) AppendHeader(dst []byte, in *Delivery, now time.Time) []byte {
	for i := range t.parts {
		start := len(dst)
		dst = t.parts[i].appendText(dst, in, now)
		if t.parts[i].kind != literal {
			dst = dst[:start+len(printable(dst[start:]))]
		}
	}
	return dst
}

// appendText appends the value as it stands in a header, without quotes.
func (p *part) appendText(dst []byte, in *Delivery, now time.Time) []byte {
	switch p.kind {
	case literal:
		return append(dst, p.text...)
	case AttemptID:
		return in.appendAttemptID(dst)
	case AttemptNumber:
		return strconv.AppendUint(dst, uint64(in.Attempt), 10)
	case AttemptTimeUnix:
		return strconv.AppendInt(dst, now.Unix(), 10)
	case EventMember:
		return p.appendMember(dst, in)
	}
	if !p.kind.given() {
		return p.appendMade(dst, in)
	}
	if text, ok := p.given(in); ok {
		return append(dst, text...)
	}
	return append(dst, p.plain...)
}

// appendMember appends a string's text, and anything else as JSON.
func (p *part) appendMember(dst []byte, in *Delivery) []byte {
	value := member(in.Event.GetData(), p.text)
	if value == nil {
		return append(dst, p.plain...)
	}
	if value[0] != '"' {
		return append(dst, value...)
	}
	text, _ := jsontext.AppendUnquote(dst, value) // half a surrogate pair becomes U+FFFD
	return text
}

// printable drops control characters, line ends above all, and what is no
// UTF-8, and cuts what is too long. It changes b in place.
func printable(b []byte) []byte {
	if len(b) <= MaxHeaderValue && !slices.ContainsFunc(b, func(c byte) bool { return c < ' ' || c > '~' }) {
		return b
	}
	kept := b[:0]
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if len(kept)+size > MaxHeaderValue {
			break
		}
		if !unicode.IsControl(r) && (r != utf8.RuneError || size > 1) {
			kept = append(kept, b[i:i+size]...)
		}
		i += size
	}
	return kept
}
