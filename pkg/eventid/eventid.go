// Package eventid holds the rules by which an event is named: its id, its
// tenant, its type and source, the subject it travels on and the message id
// by which a stream knows it again.
//
// Producers and services must agree on these to the byte, so both use this
// package. It does no I/O and is safe for concurrent use.
package eventid

import (
	"crypto/rand"
	"fmt"

	"github.com/oklog/ulid/v2"
)

const (
	// Prefix starts every id made by New.
	Prefix = "evt_"
	// SubjectRoot is the first token of every event's subject.
	SubjectRoot = "events"
)

// New makes an event id: Prefix and a ULID of 26 characters. Ids sort by the
// millisecond they were made in; within one millisecond their order is random.
//
// The entropy is the operating system's, so that two processes started at the
// same moment cannot make the same ids.
func New() string {
	var id ulid.ULID
	if err := id.SetTime(ulid.Now()); err != nil {
		panic(fmt.Sprintf("eventid: %v", err)) // Only from the year 10889 on.
	}
	rand.Read(id[6:]) // Never fails since Go 1.24.
	text := [len(Prefix) + ulid.EncodedSize]byte{}
	copy(text[:], Prefix)
	if err := id.MarshalTextTo(text[len(Prefix):]); err != nil {
		panic(fmt.Sprintf("eventid: %v", err)) // Only for a buffer of another size.
	}
	return string(text[:])
}

// Subject is where an event is published: events.<tenant>.<type>.
//
// Both names must have passed their checks: a wildcard or an empty token would
// make a subject that the server refuses or that means something else.
func Subject(tenant, typ string) string {
	return SubjectRoot + "." + tenant + "." + typ
}

// MsgID is the Nats-Msg-Id of an event, by which a stream drops repeats:
//
//	<tenant>/<id>            without a source
//	<tenant>/<source>/<id>   with one
//
// The source belongs to it because CloudEvents ids are unique per source only
// (CloudEvents 1.0.2, "id").
//
// Source and id are percent-escaped where they hold '/', '%' or anything but
// printable ASCII. So the number of slashes tells the two forms apart, no two
// events share an id, and nothing in it can break a header. Names that need no
// escape, which is nearly all, cost one allocation.
//
// The tenant must have passed CheckTenant, which allows it no slash.
func MsgID(tenant, source, id string) string {
	if source == "" {
		return tenant + "/" + escape(id)
	}
	return tenant + "/" + escape(source) + "/" + escape(id)
}

// escape returns s itself when nothing needs escaping.
func escape(s string) string {
	extra := 0
	for i := range len(s) {
		if !plain(s[i]) {
			extra += 2
		}
	}
	if extra == 0 {
		return s
	}
	const hex = "0123456789ABCDEF"
	out := make([]byte, 0, len(s)+extra)
	for i := range len(s) {
		if c := s[i]; plain(c) {
			out = append(out, c)
		} else {
			out = append(out, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(out)
}

// plain says that a byte stands for itself in a message id.
func plain(c byte) bool { return printable(c) && c != '/' && c != '%' }
