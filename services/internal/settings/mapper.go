package settings

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/alecthomas/kong"
)

// mapper reads kong's tokens into one option. Kong's own mappers would quote a
// secret in their errors and don't know where a value was said.
type mapper struct {
	option   *option
	argument bool
}

// Decode takes the value of a flag, of a positional argument, or the statement
// that load chose for a flag that isn't given.
func (m mapper) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	if s, ok := ctx.Scan.Peek().Value.(statement); ok {
		ctx.Scan.Pop()
		return m.option.assign(target, s)
	}
	if m.argument && isList(m.option.typ) {
		tokens := ctx.Scan.PopWhile(kong.Token.IsValue)
		return m.option.assign(target, statement{where: m.option.where, texts: tokenTexts(tokens), list: true})
	}
	text, ok := m.text(ctx.Scan)
	if !ok {
		return fmt.Errorf("%s: no value is given, expected %s", m.option.where, m.option.expected())
	}
	s := statement{where: m.option.where, texts: []string{text}}
	m.record(s)
	return m.option.assign(target, s)
}

// text is the value after a flag; a bool needs none, and takes none but after =.
func (m mapper) text(scan *kong.Scanner) (text string, ok bool) {
	token := scan.Peek()
	if m.option.typ.Kind() == reflect.Bool && !m.argument && token.Type != kong.FlagValueToken {
		return "true", true
	}
	if !token.IsValue() {
		return "", false
	}
	scan.Pop()
	if negated, isBool := token.Value.(bool); isBool {
		return strconv.FormatBool(negated), true
	}
	return token.String(), true
}

// record keeps what a flag said, each time that it is given.
func (m mapper) record(s statement) {
	if said := m.option.flagSaid; said != nil && isList(m.option.typ) {
		s.texts = append(said.texts, s.texts...)
	}
	m.option.flagSaid = &s
}

func tokenTexts(tokens []kong.Token) []string {
	texts := make([]string, 0, len(tokens))
	for _, token := range tokens {
		texts = append(texts, token.String())
	}
	return texts
}

// surplus takes a positional argument that the command has no place for. Kong's
// own error says the same, but cannot be told from its other errors.
type surplus struct{ model *model }

// Decode always fails.
func (s surplus) Decode(ctx *kong.DecodeContext, _ reflect.Value) error {
	shown := quoted(ctx.Scan.Pop().String())
	for _, o := range s.model.options {
		if o.Secret && o.flagSaid != nil {
			// It may be the rest of a secret that was given without quotes.
			shown = "an argument"
		}
	}
	return fmt.Errorf("%s: %s is not expected, a setting is said as --name=value", s.model.Name, shown)
}
