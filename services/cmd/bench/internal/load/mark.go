// Package load makes events and sends them, by HTTP or by NATS.
package load

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Source makes the events of one tenant and type. Each carries its number and
// the time at which it was made, so that who receives it can tell its age and
// which are missing.
type Source struct {
	Tenant, Type string
	filler       string
	made         atomic.Int64
}

const (
	timeMark   = `"madeUnixNano":`
	numberMark = `,"number":1`
	timeDigits = 19
	// A number has a 1 before it, for JSON has no leading zeros.
	numberDigits = 9
)

// NewSource makes a source whose events have about that many bytes of data.
func NewSource(tenant, eventType string, payload int) *Source {
	empty := len(appendData(nil, 0, 0, ""))
	return &Source{Tenant: tenant, Type: eventType, filler: strings.Repeat("x", max(0, payload-empty))}
}

// Made is how many events were made.
func (s *Source) Made() int { return int(s.made.Load()) }

// Skip goes on with that number.
func (s *Source) Skip(number int) { s.made.Store(int64(number)) }

// data makes the data of the next event.
func (s *Source) data(b []byte) (data []byte, number int64) {
	number = s.made.Add(1) - 1
	return appendData(b, time.Now().UnixNano(), number, s.filler), number
}

// Data is that of the next event, as if it were made at the time.
func (s *Source) Data(at time.Time) (data []byte, number int64) {
	number = s.made.Add(1) - 1
	return appendData(nil, at.UnixNano(), number, s.filler), number
}

func appendData(b []byte, nanos, number int64, filler string) []byte {
	return fmt.Appendf(b, `{%s%0*d%s%0*d,"filler":"%s"}`, timeMark, timeDigits, nanos, numberMark, numberDigits, number, filler)
}

// appendEvent makes the next event, as the API takes it.
func (s *Source) appendEvent(b []byte) []byte {
	data, number := s.data(nil)
	b = fmt.Appendf(b, `{"id":"%s-%d","tenant":%q,"type":%q,"data":`, s.Type, number, s.Tenant, s.Type)
	return append(append(b, data...), '}')
}

// Read finds in a delivery, or in anything that holds the data of an event of
// a Source, when it was made and its number.
func Read(text []byte) (made time.Time, number int64, ok bool) {
	_, rest, ok := bytes.Cut(text, []byte(timeMark))
	if !ok || len(rest) < timeDigits+len(numberMark)+numberDigits {
		return time.Time{}, 0, false
	}
	nanos, err := strconv.ParseInt(string(rest[:timeDigits]), 10, 64)
	if err != nil {
		return time.Time{}, 0, false
	}
	rest = rest[timeDigits+len(numberMark):]
	number, err = strconv.ParseInt(string(rest[:numberDigits]), 10, 64)
	return time.Unix(0, nanos), number, err == nil
}
