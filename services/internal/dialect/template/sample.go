package template

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/posthaste/posthaste/services/internal/jsonfault"
)

// Members are the names of a JSON object's top level by what they hold.
type Members map[Kind]string

// CheckJSON proves that AppendJSON always gives JSON: with a text in place of
// each placeholder it is JSON, and each of those texts stands as a value.
func (t *Template) CheckJSON() (Members, error) {
	dec := jsontext.NewDecoder(strings.NewReader(t.sample()))
	found, top, seen := Members{}, "", 0
	for {
		token, err := dec.ReadToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, t.notJSON(err)
		}
		name := isName(dec)
		if name && dec.StackDepth() == 1 {
			top = token.String()
		}
		if seen < len(t.spots) && t.spots[seen].is(token, int(dec.InputOffset())) && !name {
			found.note(t.parts[t.spots[seen].part].kind, top, dec.StackDepth())
			seen++
		}
	}
	if seen < len(t.spots) {
		return nil, t.misplaced(t.spots[seen])
	}
	return found, one(t.sample())
}

// one holds where the text is a single JSON value.
func one(sample string) error {
	if !jsontext.Value(sample).IsValid() {
		return errors.New("must be one JSON value, and is several")
	}
	return nil
}

// sample has in place of each placeholder a string that is as long, so that
// offsets are those of the template.
func (t *Template) sample() string {
	b := []byte(t.text)
	for _, s := range t.spots {
		copy(b[s.start:s.end], `"`+strings.Repeat("p", s.end-s.start-2)+`"`)
	}
	return string(b)
}

// is says whether the token that ends at end is the spot's string. A string
// that began before the spot would hold its first quote.
func (s spot) is(token jsontext.Token, end int) bool {
	return end == s.end && token.Kind() == '"' && token.String() == strings.Repeat("p", s.end-s.start-2)
}

// isName says whether the token that was read last is the name of a member.
func isName(dec *jsontext.Decoder) bool {
	kind, length := dec.StackIndex(dec.StackDepth())
	return kind == '{' && length%2 == 1
}

// note keeps the first member that is a placeholder of this kind. Data may lie
// deeper in it.
func (m Members) note(k Kind, name string, depth int) {
	if _, taken := m[k]; !taken && (depth == 1 || k == EventData) {
		m[k] = name
	}
}

// notJSON blames the placeholder where the syntax breaks at one.
func (t *Template) notJSON(err error) error {
	var at *jsontext.SyntacticError
	for _, s := range t.spots {
		if errors.As(err, &at) && !errors.Is(err, io.ErrUnexpectedEOF) && int(at.ByteOffset) >= s.start && int(at.ByteOffset) <= s.end {
			return t.misplaced(s)
		}
	}
	return fmt.Errorf("is not JSON where a value stands for each placeholder: %s", jsonfault.Syntax(err))
}

func (t *Template) misplaced(s spot) error {
	return fmt.Errorf("%s at byte %d must stand alone where JSON has a value: without quotes around it, and not as a member's name", t.text[s.start:s.end], s.start)
}
