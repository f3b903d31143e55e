package template

import (
	"slices"
	"strings"
)

// Template is text with placeholders, compiled. It never changes, so it is safe
// for concurrent use.
type Template struct {
	text  string
	parts []part
	spots []spot
	fixed int // bytes of the literals
}

// part is a piece of a template.
type part struct {
	kind Kind
	// text is a literal's own, else the name of an attribute or a member.
	text string
	// Where the value is absent: fallback in a body, plain in a header.
	fallback []byte
	plain    string
}

// spot is where a placeholder stands in the template's text.
type spot struct {
	start, end int
	part       int
}

// Compile reads a template. Its error names the placeholder that is wrong, and
// what to do.
func Compile(text string) (Template, error) {
	t := Template{text: text}
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
			return Template{}, err
		}
		t.spots = append(t.spots, spot{start, end, len(t.parts)})
		t.add(p)
		at = end
	}
	return t, nil
}

func (t *Template) add(p part) {
	t.parts = append(t.parts, p)
	if p.kind == literal {
		t.fixed += len(p.text)
	}
}

// Has says whether a placeholder of one of these kinds is in the template.
func (t *Template) Has(kinds ...Kind) bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return slices.Contains(kinds, p.kind) })
}

// Only says whether the template is one placeholder of one of these kinds, and
// nothing else.
func (t *Template) Only(kinds ...Kind) bool {
	return len(t.parts) == 1 && slices.Contains(kinds, t.parts[0].kind)
}

// NeverEmpty says whether AppendHeader has something to append, whatever the
// event that was let in.
func (t *Template) NeverEmpty() bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return !p.kind.mayLack() || p.plain != "" })
}

// OfAttempt returns the first placeholder whose value changes from attempt to
// attempt, as the text spells it, or "".
func (t *Template) OfAttempt() string {
	for _, s := range t.spots {
		if t.parts[s.part].kind.ofAttempt() {
			return t.text[s.start:s.end]
		}
	}
	return ""
}
