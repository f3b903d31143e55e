package template

import (
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// AppendJSON appends the text to dst with each value as one JSON value: null
// where there is neither a value nor a default. It knows the event and the
// delivery but not the attempt, so refuse a template with OfAttempt before.
func (t *Template) AppendJSON(dst []byte, in *Delivery) []byte {
	dst = slices.Grow(dst, t.room(in))
	for i := range t.parts {
		dst = t.parts[i].appendJSON(dst, in)
	}
	return dst
}

// room is about how many bytes AppendJSON appends; never less than without
// members of data and escapes.
func (t *Template) room(in *Delivery) int {
	const number = 48 // longer than any time, number and trace id in quotes
	n := t.fixed
	for i := range t.parts {
		switch p := &t.parts[i]; {
		case p.kind == literal:
		case p.kind == EventData:
			n += max(len(in.Event.GetData()), len(null))
		case p.kind.given():
			text, _ := p.given(in)
			n += len(text) + len(null) + len(p.fallback)
		default:
			n += number
		}
	}
	return n
}

// appendJSON appends the value as one JSON value, whatever the event is, as
// long as its data is one.
func (p *part) appendJSON(dst []byte, in *Delivery) []byte {
	switch {
	case p.kind == literal:
		return append(dst, p.text...)
	case p.kind == EventData:
		return appendValue(dst, in.Event.GetData(), nil)
	case p.kind == EventMember:
		return appendValue(dst, member(in.Event.GetData(), p.text), p.fallback)
	case p.kind.given():
		text, ok := p.given(in)
		if !ok {
			return appendValue(dst, nil, p.fallback)
		}
		return appendQuoted(dst, text)
	case p.kind.numeric():
		return p.appendMade(dst, in)
	}
	return append(p.appendMade(append(dst, '"'), in), '"')
}

// appendValue appends a JSON value, or else the fallback, or else null.
func appendValue(dst, value, fallback []byte) []byte {
	if len(value) > 0 {
		return append(dst, value...)
	}
	if fallback != nil {
		return append(dst, fallback...)
	}
	return append(dst, null...)
}

// appendQuoted appends a JSON string. What is not UTF-8 was refused when
// published; if it is here all the same it becomes U+FFFD.
func appendQuoted(dst []byte, text string) []byte {
	quoted, _ := jsontext.AppendQuote(dst, text) // its only error is about UTF-8
	return quoted
}
