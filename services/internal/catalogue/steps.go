package catalogue

import (
	"errors"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A schema may look at the same value again and again, and twice as often at
// each level of the data: {"a":{"allOf":[{"$ref":"#"},{"$ref":"#"}]}} takes
// 2^depth steps. So a check has a number of steps that grows with the data only.
// A step is about 50 ns.
const (
	freeSteps    = 10_000
	stepsPerByte = 20
)

func allowed(size int) int { return freeSteps + stepsPerByte*size }

// tired ends a check from the inside. The validator has no other way out.
type tired struct{}

// spend takes steps from the check that holds mu.
func (f *form) spend(steps int) {
	f.steps -= steps
	if f.steps < 0 {
		panic(tired{})
	}
}

// count makes every part of the schema count its visits. The keyword "format"
// is where the validator comes by before it goes deeper.
func (f *form) count() error {
	seen := make(map[*jsonschema.Schema]bool)
	open := []*jsonschema.Schema{f.schema}
	for len(open) > 0 {
		s := open[len(open)-1]
		open = open[:len(open)-1]
		if s == nil || seen[s] {
			continue
		}
		seen[s] = true
		if s.DynamicRef != nil || s.RecursiveRef != nil {
			return &Fault{Field: "schema", Problem: "uses $dynamicRef or $recursiveRef, which are not supported; use $ref"}
		}
		s.Format = f.counting(s)
		open = append(open, parts(s)...)
	}
	return nil
}

// counting is a format that counts what a visit of s costs, and asserts what was
// asserted before. It also takes over the keywords that compare whole values.
func (f *form) counting(s *jsonschema.Schema) *jsonschema.Format {
	asserted, choices := s.Format, takeChoices(s)
	counted := &jsonschema.Format{Name: "steps"}
	if asserted != nil {
		counted.Name = asserted.Name
	}
	counted.Validate = func(v any) error {
		f.spend(cost(s, v))
		for _, c := range choices {
			if err := c.hold(v, f.spend); err != nil {
				return err
			}
		}
		if asserted != nil {
			return asserted.Validate(v)
		}
		return nil
	}
	return counted
}

// validate holds v, read from size bytes, against the schema. It returns how v
// does not fit, nil where it does; done is false where it would take too long.
func (f *form) validate(v any, size int) (misfit *jsonschema.ValidationError, done bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.steps = allowed(size)
	defer func() {
		switch why := recover(); why.(type) {
		case nil, tired:
		default:
			panic(why)
		}
	}()
	errors.As(f.schema.Validate(v), &misfit)
	return misfit, true
}
