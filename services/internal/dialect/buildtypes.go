package dialect

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/posthaste/posthaste/pkg/eventid"
)

// maxEventTypes and maxExample bound what the API hands out of a catalogue.
const (
	maxEventTypes = 1000
	maxExample    = 64 << 10 // bytes
)

func (b *builder) eventTypes() {
	if len(b.spec.EventTypes) > maxEventTypes {
		b.fault("event_types", "must have at most %d entries, has %d", maxEventTypes, len(b.spec.EventTypes))
		return
	}
	for i := range b.spec.EventTypes {
		b.eventType(&b.spec.EventTypes[i], i)
	}
}

func (b *builder) eventType(said *typeSpec, i int) {
	// Types of another file come before, so the place in this one isn't known.
	fault := func(format string, args ...any) {
		b.fault("event_types", "type %.64q: %s", said.Name, fmt.Sprintf(format, args...))
	}
	if err := eventid.CheckType(said.Name); err != nil {
		fault("%s", nameProblem(err))
	}
	if indexType(b.spec.EventTypes, said.Name) < i {
		fault("stands twice; keep one of them")
	}
	t := EventType{Name: said.Name, Description: said.Description, Deprecated: said.Deprecated}
	if said.Example != "" {
		if t.Example = json.RawMessage(said.Example); !json.Valid(t.Example) || len(t.Example) > maxExample {
			fault("example must be one JSON value of at most %d bytes, written as text in quotes", maxExample)
		}
	}
	if said.Sunset != "" {
		var err error
		if t.Sunset, err = time.Parse(time.DateOnly, said.Sunset); err != nil {
			fault("sunset must be a date such as 2026-06-30, is %.64q", said.Sunset)
		}
		if !said.Deprecated {
			fault("has a sunset; set deprecated: true as well")
		}
	}
	b.d.EventTypes = append(b.d.EventTypes, t)
}

// nameProblem is an error of package eventid without the kind of name, which
// stands before it anyway.
func nameProblem(err error) string {
	_, problem, _ := strings.Cut(err.Error(), eventid.ErrName.Error()+": ")
	return problem
}
