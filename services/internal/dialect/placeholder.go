package dialect

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/posthaste/posthaste/pkg/eventid"
)

// kind is what a placeholder stands for.
type kind uint8

const (
	literal kind = iota // the template's own text
	eventID
	eventType
	eventSource
	eventAttribute
	eventTime
	eventTimeSeconds
	eventTimeMillis
	eventTimeUnix
	eventSequence
	eventData
	eventMember
	traceID
	deliveryID
	subscriptionID
	tenant
	attemptID
	attemptNumber
	attemptTimeUnix
)

const (
	attributePrefix = "event.attributes."
	memberPrefix    = "event.data."
)

// placeholders are those with a fixed name, in the order in which people read
// of them.
var placeholders = []struct {
	name string
	kind kind
}{
	{"event.id", eventID},
	{"event.type", eventType},
	{"event.data", eventData},
	{"event.time", eventTime},
	{"event.time.seconds", eventTimeSeconds},
	{"event.time.millis", eventTimeMillis},
	{"event.time.unix", eventTimeUnix},
	{"event.source", eventSource},
	{"event.sequence", eventSequence},
	{"trace.id", traceID},
	{"delivery.id", deliveryID},
	{"subscription.id", subscriptionID},
	{"tenant", tenant},
	{"attempt.id", attemptID},
	{"attempt.number", attemptNumber},
	{"attempt.time.unix", attemptTimeUnix},
}

// part is a piece of a template.
type part struct {
	kind kind
	// text is a literal's own, else the name of an attribute or a member.
	text string
	// Where the value is absent: fallback in a body, plain in a header.
	fallback []byte
	plain    string
}

// given says whether the value is a text that is not ours.
func (k kind) given() bool {
	switch k {
	case eventID, eventType, eventSource, eventAttribute, deliveryID, subscriptionID, tenant:
		return true
	}
	return false
}

// numeric says whether the value is written as a JSON number.
func (k kind) numeric() bool {
	return k == eventTimeUnix || k == eventSequence || k == attemptNumber || k == attemptTimeUnix
}

// ofAttempt says whether the value changes from attempt to attempt.
func (k kind) ofAttempt() bool {
	return k == attemptID || k == attemptNumber || k == attemptTimeUnix
}

// mayLack says whether an event may have no such value.
func (k kind) mayLack() bool {
	return k == eventSource || k == eventAttribute || k == eventMember
}

// newPart reads what stands in ${…}, without the default.
func newPart(name string) (part, error) {
	for _, p := range placeholders {
		if p.name == name {
			return part{kind: p.kind}, nil
		}
	}
	if attribute, ok := strings.CutPrefix(name, attributePrefix); ok {
		return part{kind: eventAttribute, text: attribute}, eventid.CheckAttribute(attribute, "")
	}
	if member, ok := strings.CutPrefix(name, memberPrefix); ok {
		return part{kind: eventMember, text: member}, checkMember(member)
	}
	return part{}, fmt.Errorf("is not known; known are %s", strings.Join(knownPlaceholders(), ", "))
}

func knownPlaceholders() []string {
	names := make([]string, len(placeholders), len(placeholders)+2)
	for i, p := range placeholders {
		names[i] = p.name
	}
	return append(names, attributePrefix+"<name>", memberPrefix+"<member>")
}

// checkMember keeps a path from being taken for a name.
func checkMember(name string) error {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`.|"\{}$`, r) }) {
		return errors.New(`must name a member of data's top level: printable ASCII without spaces and .|"\{}$`)
	}
	return nil
}

// setDefault takes the JSON value that stands after the bar.
func (p *part) setDefault(value jsontext.Value) error {
	if !p.kind.mayLack() {
		return errors.New("always has a value; take its default away")
	}
	p.fallback = slices.Clone(value)
	p.plain = string(value)
	if value.Kind() == '"' {
		text, err := jsontext.AppendUnquote(nil, value)
		if err != nil {
			return fmt.Errorf("has a default that is no JSON: %w", err)
		}
		p.plain = string(text)
	}
	return nil
}
