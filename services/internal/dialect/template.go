package dialect

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// template is text with placeholders, compiled.
type template struct {
	parts []part
	spots []spot
	fixed int // bytes of the literals
}

// spot is where a placeholder stands in the template's text.
type spot struct {
	start, end int
	part       int
}

// compile reads a template: text in which ${name} and ${name|default} are
// placeholders, the default being a JSON value.
func compile(text string) (template, error) {
	var t template
	for at := 0; at < len(text); {
		start := strings.Index(text[at:], "${")
		if start < 0 {
			t.add(part{kind: literal, text: text[at:]})
			break
		}
		start += at
		if start > at {
			t.add(part{kind: literal, text: text[at:start]})
		}
		p, end, err := readPlaceholder(text, start)
		if err != nil {
			return template{}, err
		}
		t.spots = append(t.spots, spot{start, end, len(t.parts)})
		t.add(p)
		at = end
	}
	return t, nil
}

func (t *template) add(p part) {
	t.parts = append(t.parts, p)
	if p.kind == literal {
		t.fixed += len(p.text)
	}
}

// only returns the kind of a template that is one placeholder and nothing
// else.
func (t *template) only() kind {
	if len(t.parts) != 1 {
		return literal
	}
	return t.parts[0].kind
}

// has says whether a placeholder of that kind is in the template.
func (t *template) has(k kind) bool {
	for i := range t.parts {
		if t.parts[i].kind == k {
			return true
		}
	}
	return false
}

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
		return "", fmt.Errorf(`needs a JSON value after the bar, such as |0, |null or |"none": %s`, syntax(err))
	}
	rest = strings.TrimLeft(text[dec.InputOffset():], " ")
	if !strings.HasPrefix(rest, "}") {
		return "", errors.New("does not end after its default; close it with }")
	}
	return rest, p.setDefault(value)
}
