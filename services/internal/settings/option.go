package settings

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// statement is a value as somebody said it.
type statement struct {
	where string   // such as `environment POSTHASTE_ADDR`
	texts []string // one text, or the elements of a list
	list  bool     // said as a list, in a file
}

// option is a setting, or a positional argument, of one command during one run.
type option struct {
	Setting
	flag      *kong.Flag // nil for a positional argument
	typ       reflect.Type
	sep       string // between the elements of a list; "" for no separator
	companion bool   // the -file form of a secret
	where     string // how a problem names it on the command line
	fallback  *statement
	flagSaid  *statement // written by the mapper while kong parses
	said      *statement // the strongest statement, written by load
}

// newOption ties a value to a mapper of ours, which knows where a value was
// said and never shows a secret.
func newOption(value *kong.Value, where string) *option {
	o := &option{typ: value.Target.Type(), where: where}
	if value.Tag.Sep > 0 {
		o.sep = string(value.Tag.Sep)
	}
	value.Mapper = mapper{option: o, argument: value.Flag == nil}
	return o
}

// assign reads a statement into target. A list grows, because kong hands in the
// same target for each time that a flag is given.
func (o *option) assign(target reflect.Value, s statement) error {
	if isList(o.typ) {
		for _, text := range o.elements(s) {
			element := reflect.New(o.typ.Elem()).Elem()
			if err := o.parse(element, text, s.where); err != nil {
				return err
			}
			target.Set(reflect.Append(target, element))
		}
		return nil
	}
	if s.list {
		return wrong(s.where, "a list", o.expected())
	}
	return o.parse(target, s.texts[0], s.where)
}

// elements drops empty ones: "a,,b" comes of a variable that was empty.
func (o *option) elements(s statement) []string {
	texts := s.texts
	if !s.list && o.sep != "" {
		texts = strings.Split(s.texts[0], o.sep)
	}
	trimmed := make([]string, 0, len(texts))
	for _, text := range texts {
		if text = strings.TrimSpace(text); text != "" {
			trimmed = append(trimmed, text)
		}
	}
	return trimmed
}

func (o *option) parse(target reflect.Value, text, where string) error {
	k, _ := kindOf(target.Type())
	if !k.parse(target, text) || !o.allowed(text) {
		return wrong(where, o.show(text), o.expected())
	}
	return nil
}

func (o *option) allowed(text string) bool {
	return o.Enum == nil || slices.Contains(o.Enum, text)
}

// check reads a statement for its errors alone.
func (o *option) check(s statement) error {
	return o.assign(reflect.New(o.typ).Elem(), s)
}

func (o *option) show(text string) string {
	if o.Secret {
		return hidden
	}
	return quoted(text)
}

func (o *option) expected() string {
	if o.Enum != nil {
		return "one of " + strings.Join(o.Enum, ", ")
	}
	k, _ := kindOf(scalar(o.typ))
	if isList(o.typ) {
		return "a list, each " + k.expected
	}
	return k.expected
}

// showDefault checks the default of a tag and gives it as help shows it.
func (o *option) showDefault() (string, error) {
	value := reflect.New(o.typ).Elem()
	if err := o.assign(value, *o.fallback); err != nil {
		return "", err
	}
	text := o.fallback.texts[0]
	switch v := value.Interface().(type) {
	case Bytes:
		return v.String(), nil
	case SecretURL:
		return v.String(), nil
	}
	if o.Secret && text != "" {
		return hidden, nil
	}
	return text, nil
}

// zeroShown is the default of a setting without a default tag; "" for none.
func zeroShown(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int64, reflect.Uint, reflect.Float64:
		return fmt.Sprint(reflect.Zero(t).Interface())
	}
	return ""
}
