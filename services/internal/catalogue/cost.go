package catalogue

import (
	"errors"
	"regexp"
	"regexp/syntax"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// bytesPerStep is how much text is read in the time of a step.
const bytesPerStep = 16

// cost is about how many steps the validator takes for v alone, without what it
// visits next.
func cost(s *jsonschema.Schema, v any) int {
	steps := 1
	switch v := v.(type) {
	case string:
		steps += len(v) / bytesPerStep
		if s.Pattern != nil {
			steps += len(v)
		}
	case []any:
		steps += len(v)
		if s.UniqueItems {
			steps += values(v)
		}
	case map[string]any:
		steps += len(v) + len(s.Required) + len(s.Dependencies) + len(s.DependentRequired) + len(s.DependentSchemas)
		if len(s.PatternProperties) > 0 {
			steps += len(s.PatternProperties) * names(v)
		}
	}
	return steps
}

// values counts v and all that is in it.
func values(v any) int {
	n := 1
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			n += values(item)
		}
	case map[string]any:
		for _, item := range v {
			n += values(item)
		}
	}
	return n
}

// names is the length of all names together.
func names(object map[string]any) int {
	n := 0
	for name := range object {
		n += len(name) + 1
	}
	return n
}

// maxProgram bounds a regular expression: x{1000} is a short text and a long
// program, and each byte of a string may cost all of it.
const maxProgram = 500 // instructions

var errProgram = errors.New("too large a regular expression")

// compileRegexp is the validator's engine: RE2, whose time is linear.
func compileRegexp(text string) (jsonschema.Regexp, error) {
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, err
	}
	if len(program.Inst) > maxProgram {
		return nil, errProgram
	}
	return regexp.Compile(text)
}
