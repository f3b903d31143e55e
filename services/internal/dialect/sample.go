package dialect

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// isJSON says whether a body of this type must be JSON.
func isJSON(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json"))
}

// members are the names of the body's top level by what they hold.
type members map[kind]string

// checkJSON proves that the template always gives JSON: with a text in place
// of each placeholder it is JSON, and each of those texts stands as a value.
func (t *template) checkJSON(text string) (members, error) {
	dec := jsontext.NewDecoder(strings.NewReader(t.sample(text)))
	found, top, seen := members{}, "", 0
	for {
		token, err := dec.ReadToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, t.notJSON(text, err)
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
		return nil, misplaced(text, t.spots[seen])
	}
	return found, one(t.sample(text))
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
func (t *template) sample(text string) string {
	b := []byte(text)
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
func (m members) note(k kind, name string, depth int) {
	if _, taken := m[k]; !taken && (depth == 1 || k == eventData) {
		m[k] = name
	}
}

// notJSON blames the placeholder where the syntax breaks at one.
func (t *template) notJSON(text string, err error) error {
	var at *jsontext.SyntacticError
	for _, s := range t.spots {
		if errors.As(err, &at) && !errors.Is(err, io.ErrUnexpectedEOF) && int(at.ByteOffset) >= s.start && int(at.ByteOffset) <= s.end {
			return misplaced(text, s)
		}
	}
	return fmt.Errorf("is not JSON where a value stands for each placeholder: %s", syntax(err))
}

// syntax says where a JSON text breaks, without the library's prefix.
func syntax(err error) string {
	var at *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "it ends too early"
	case errors.As(err, &at):
		return fmt.Sprintf("%v at byte %d", at.Err, at.ByteOffset)
	default:
		return err.Error()
	}
}

func misplaced(text string, s spot) error {
	return fmt.Errorf("%s at byte %d must stand alone where JSON has a value: without quotes around it, and not as a member's name", text[s.start:s.end], s.start)
}
