package catalogue

import (
	"encoding/json"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// choice is an enum, or a const, which is an enum of one. The validator would
// compare v with each in turn: 1000 numbers with 1000 others take it a second.
type choice struct {
	given []any
	known map[string]struct{} // what canonical makes of them
}

// takeChoices takes the choices of s out of it.
func takeChoices(s *jsonschema.Schema) []*choice {
	var all []*choice
	if s.Const != nil {
		all = append(all, newChoice([]any{*s.Const}))
		s.Const = nil
	}
	if s.Enum != nil {
		all = append(all, newChoice(s.Enum.Values))
		s.Enum = nil
	}
	return all
}

func newChoice(given []any) *choice {
	c := &choice{given: given, known: make(map[string]struct{}, len(given))}
	for _, v := range given {
		c.known[canonical(v)] = struct{}{}
	}
	return c
}

// hold returns a *notChosen where v is none of the choices.
func (c *choice) hold(v any, spend func(steps int)) error {
	spend(values(v))
	text := canonical(v)
	spend(len(text) / bytesPerStep)
	if _, ok := c.known[text]; !ok {
		return &notChosen{c.given}
	}
	return nil
}

// notChosen holds what could have been chosen.
type notChosen struct{ given []any }

func (e *notChosen) Error() string { return "must be " + choices(e.given) }

// canonical is the same text for equal values, and for no others: 1, 1.0 and
// 10e-1 are equal.
func canonical(v any) string {
	var b strings.Builder
	writeCanonical(&b, v)
	return b.String()
}

func writeCanonical(b *strings.Builder, v any) {
	switch v := v.(type) {
	case nil:
		b.WriteByte('n')
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case string:
		b.WriteString(strconv.Quote(v))
	case json.Number:
		if r, ok := new(big.Rat).SetString(string(v)); ok {
			b.WriteString(r.RatString())
		}
	case []any:
		b.WriteByte('[')
		for _, item := range v {
			writeCanonical(b, item)
			b.WriteByte(',')
		}
		b.WriteByte(']')
	case map[string]any:
		b.WriteByte('{')
		for _, name := range slices.Sorted(maps.Keys(v)) {
			b.WriteString(strconv.Quote(name))
			writeCanonical(b, v[name])
			b.WriteByte(',')
		}
		b.WriteByte('}')
	}
}
