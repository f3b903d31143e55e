package webhook

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// read decodes a delivery that was verified.
func (s *Scheme) read(header http.Header, body []byte) (Delivery, error) {
	r := reading{header: header}
	r.open(s, body)
	d := Delivery{
		ID:             r.text(s.IDHeader, s.DeliveryIDField),
		Attempt:        r.attempt(s.AttemptHeader),
		SubscriptionID: header.Get(s.SubscriptionIDHeader),
		Event: Event{
			ID:        r.text(s.EventIDHeader, s.IDField),
			Type:      r.text(s.TypeHeader, s.TypeField),
			Timestamp: r.time(s),
			Data:      r.data(s, body),
		},
	}
	d.ID = cmp.Or(d.ID, d.Event.ID)
	if d.Event.Type == "" && (s.TypeField != "" || s.TypeHeader != "") {
		r.fail("it has no type")
	}
	if r.err != nil {
		return Delivery{}, r.err
	}
	return d, nil
}

// reading is one delivery being decoded. It keeps the first error.
type reading struct {
	header  http.Header
	members map[string]json.RawMessage
	err     error
}

func (r *reading) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrBadEvent, fmt.Sprintf(format, args...))
	}
}

// open takes the body apart where the scheme names any of its members.
func (r *reading) open(s *Scheme, body []byte) {
	var target any = &r.members
	if s.IDField == "" && s.DeliveryIDField == "" && s.TypeField == "" && s.TimestampField == "" && s.DataField == "" {
		target = new(json.RawMessage)
	}
	err := json.Unmarshal(body, target)
	// The body may be private and an error ends in a log: do not quote it.
	if wrong := (*json.SyntaxError)(nil); errors.As(err, &wrong) {
		r.fail("JSON syntax error at byte %d", wrong.Offset)
	} else if err != nil {
		r.fail("not a JSON object")
	}
}

// text returns what the body says, or the header where the scheme has no such
// member. Where both speak they must agree: only one of them is signed.
func (r *reading) text(header, member string) string {
	named := r.header.Get(header)
	if member == "" {
		return named
	}
	var said string
	if raw, ok := r.members[member]; ok && json.Unmarshal(raw, &said) != nil {
		r.fail("%s is no string", member)
	} else if named != "" && named != said {
		r.fail("%s and the body's %s differ", header, member)
	}
	return said
}

// time returns the zero time if nobody tells it.
func (r *reading) time(s *Scheme) time.Time {
	name, raw := s.TimestampField, r.members[s.TimestampField]
	if name == "" && !s.timed() {
		name, raw = s.TimestampHeader, asJSON(r.header.Get(s.TimestampHeader))
	}
	at, err := parseTime(raw)
	if err != nil {
		r.fail("%s is not RFC 3339 or a number of seconds", name)
	}
	return at
}

// asJSON makes a header's value what a member of the body would be.
func asJSON(text string) json.RawMessage {
	if _, ok := parseSeconds(text); ok || text == "" {
		return json.RawMessage(text)
	}
	return strconv.AppendQuote(nil, text)
}

// parseTime reads a JSON number of seconds, text as of RFC 3339, or nothing.
func parseTime(raw json.RawMessage) (at time.Time, err error) {
	if len(raw) == 0 {
		return at, nil
	}
	if seconds, ok := parseSeconds(string(raw)); ok {
		return time.Unix(seconds, 0).UTC(), nil
	}
	err = json.Unmarshal(raw, &at)
	return at, err
}

// data returns bytes of its own: the caller may use the body's again.
func (r *reading) data(s *Scheme, body []byte) json.RawMessage {
	if s.DataField == "" {
		return json.RawMessage(bytes.Clone(body))
	}
	return r.members[s.DataField]
}

func (r *reading) attempt(header string) int {
	text := r.header.Get(header)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || n == 0 {
		r.fail("%s is no number from 1", header)
	}
	return int(n)
}
