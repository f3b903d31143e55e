package template

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/posthaste/posthaste/pkg/eventid"
	"github.com/posthaste/posthaste/services/internal/jsonfault"
)

// readPlaceholder reads the one that begins at start, and says where it ends.
func readPlaceholder(text string, start int) (p part, end int, err error) {
	name := text[start+len("${"):]
	stop := strings.IndexAny(name, "|}")
	if stop < 0 {
		return part{}, 0, fmt.Errorf("the placeholder at byte %d does not end; close it with }", start)
	}
	rest := name[stop:]
	name = name[:stop]
	if p, err = newPart(name); err != nil {
		return part{}, 0, fmt.Errorf("placeholder ${%.64s} at byte %d: %w", name, start, err)
	}
	if rest[0] == '|' {
		if rest, err = readDefault(&p, rest[1:]); err != nil {
			return part{}, 0, fmt.Errorf("placeholder ${%.64s} at byte %d: %w", name, start, err)
		}
	}
	return p, len(text) - len(rest) + 1, nil
}

// readDefault returns what follows the default: a closing brace, and the rest.
func readDefault(p *part, text string) (rest string, err error) {
	dec := jsontext.NewDecoder(strings.NewReader(text))
	value, err := dec.ReadValue()
	if err != nil {
		return "", fmt.Errorf(`needs a JSON value after the bar, such as |0, |null or |"none": %s`, jsonfault.Syntax(err))
	}
	rest = strings.TrimLeft(text[dec.InputOffset():], " ")
	if !strings.HasPrefix(rest, "}") {
		return "", errors.New("does not end after its default; close it with }")
	}
	return rest, p.setDefault(value)
}

// newPart reads what stands in ${…}, without the default.
func newPart(name string) (part, error) {
	for _, p := range placeholders {
		if p.name == name {
			return part{kind: p.kind}, nil
		}
	}
	if attribute, ok := strings.CutPrefix(name, attributePrefix); ok {
		return part{kind: EventAttribute, text: attribute}, eventid.CheckAttribute(attribute, "")
	}
	if member, ok := strings.CutPrefix(name, memberPrefix); ok {
		return part{kind: EventMember, text: member}, checkMember(member)
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
