package dialect

import (
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/posthaste/posthaste/pkg/webhook"
)

// maxHeaderValue bounds what an event puts into one header, in bytes: the
// longest attribute fits, a member of data may be larger.
const maxHeaderValue = 4096

// Header is the whole header of one attempt: content type, user agent, the
// standard headers, the dialect's own, and the signatures. Names are spelt as
// the dialect spells them, so read it as a map. A header without a value is
// left out. The signatures cover the attempt's time in whole seconds, where
// they cover a time.
func (d *Dialect) Header(in *Delivery, now time.Time, body []byte, s *Signer) http.Header {
	// All values are written into one text first, which costs one allocation.
	var room [512]byte
	var stops [maxHeaders + 3]int
	text, n := room[:0], 0
	stop := func() { stops[n] = len(text); n++ }
	if d.StandardHeaders {
		text = strconv.AppendInt(text, now.Unix(), 10)
		stop()
		text = appendSignature(text, s.standard, in, now, body)
		stop()
	}
	for i := range d.headers {
		text = d.headers[i].value.appendHeader(text, in, now)
		stop()
	}
	if !d.standard() {
		text = appendSignature(text, s.own, in, now, body)
		stop()
	}
	return d.header(in.ID, string(text), stops[:n])
}

// header cuts the text into the values of d.names.
func (d *Dialect) header(id, text string, stops []int) http.Header {
	h := make(http.Header, len(stops)+5) // the three here, and a trace
	h["Content-Type"] = d.content
	h["User-Agent"] = d.agent
	values, start := make([]string, len(stops)+1), 0
	if d.StandardHeaders {
		values[len(stops)] = id
		h[webhook.HeaderID] = values[len(stops):]
	}
	for i, stop := range stops {
		if values[i] = text[start:stop]; values[i] != "" {
			h[d.names[i]] = values[i : i+1 : i+1]
		}
		start = stop
	}
	return h
}

// headerNames are the names of the values that Header writes, in its order;
// the delivery's id is as it is and not written.
func (d *Dialect) headerNames() []string {
	var names []string
	if d.StandardHeaders {
		names = append(names, webhook.HeaderTimestamp, webhook.HeaderSignature)
	}
	for i := range d.headers {
		names = append(names, d.headers[i].name)
	}
	if !d.standard() {
		names = append(names, d.Scheme.SignatureHeader)
	}
	return names
}

func (t *template) appendHeader(dst []byte, in *Delivery, now time.Time) []byte {
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
	case attemptID:
		return in.appendAttemptID(dst)
	case attemptNumber:
		return strconv.AppendUint(dst, uint64(in.Attempt), 10)
	case attemptTimeUnix:
		return strconv.AppendInt(dst, now.Unix(), 10)
	case eventMember:
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

// appendAttemptID is unique to each attempt: a round begins again at 1.
func (in *Delivery) appendAttemptID(dst []byte) []byte {
	dst = append(append(dst, in.ID...), '_')
	if in.Round != "" {
		dst = append(append(dst, in.Round...), '_')
	}
	return strconv.AppendUint(dst, uint64(in.Attempt), 10)
}

// printable drops control characters, line ends above all, and what is no
// UTF-8, and cuts what is too long. It changes b in place.
func printable(b []byte) []byte {
	if len(b) <= maxHeaderValue && !slices.ContainsFunc(b, func(c byte) bool { return c < ' ' || c > '~' }) {
		return b
	}
	kept := b[:0]
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if len(kept)+size > maxHeaderValue {
			break
		}
		if !unicode.IsControl(r) && (r != utf8.RuneError || size > 1) {
			kept = append(kept, b[i:i+size]...)
		}
		i += size
	}
	return kept
}

// HeadersUseData says whether a header shows a part of the event's data. A body
// that was built stands in for the data where none does.
func (d *Dialect) HeadersUseData() bool {
	return slices.ContainsFunc(d.headers, func(f field) bool { return f.value.has(eventData) || f.value.has(eventMember) })
}
