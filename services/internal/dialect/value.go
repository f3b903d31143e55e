package dialect

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	timeSeconds = "2006-01-02T15:04:05Z"
	timeMillis  = "2006-01-02T15:04:05.000Z"
	null        = "null"
)

// given returns the value of a placeholder whose text is not ours, and whether
// there is one.
func (p *part) given(in *Delivery) (text string, ok bool) {
	switch p.kind {
	case eventID:
		return in.Event.GetId(), true
	case eventType:
		return in.Event.GetType(), true
	case eventSource:
		return in.Event.GetSource(), in.Event.GetSource() != ""
	case eventAttribute:
		text, ok = in.Event.GetAttributes()[p.text]
		return text, ok
	case deliveryID:
		return in.ID, true
	case subscriptionID:
		return in.SubscriptionID, true
	default: // tenant
		return in.Event.GetTenant(), true
	}
}

// appendMade appends a value that we write ourselves, which is ASCII without
// quotes and backslashes.
func (p *part) appendMade(dst []byte, in *Delivery) []byte {
	at := in.Event.GetTime().AsTime()
	switch p.kind {
	case eventTime:
		return at.AppendFormat(dst, time.RFC3339Nano)
	case eventTimeSeconds:
		return at.AppendFormat(dst, timeSeconds)
	case eventTimeMillis:
		return at.AppendFormat(dst, timeMillis)
	case eventTimeUnix:
		return strconv.AppendInt(dst, at.Unix(), 10)
	case eventSequence:
		return strconv.AppendUint(dst, in.Sequence, 10)
	default: // traceID
		return in.appendTraceID(dst)
	}
}

// appendJSON appends the value as one JSON value, whatever the event is, as
// long as its data is one.
func (p *part) appendJSON(dst []byte, in *Delivery) []byte {
	switch {
	case p.kind == literal:
		return append(dst, p.text...)
	case p.kind == eventData:
		return appendValue(dst, in.Event.GetData(), nil)
	case p.kind == eventMember:
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
