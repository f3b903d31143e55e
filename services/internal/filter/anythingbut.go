package filter

import (
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// anythingBut reads a value, an array of them, or an operator on strings.
func (c *compiler) anythingBut(at string) (t test, err error) {
	kind, err := c.peek()
	if err != nil {
		return nil, err
	}
	if kind == '{' {
		err = c.only(at, func(name string) error {
			t, err = c.anyText(name, member(at, name))
			return err
		})
		return t, err
	}
	var values []scalar
	err = c.oneOrMore(at, kind, func(at string, kind jsontext.Kind) error {
		if kind == '{' || kind == '[' {
			return fault(at, "must be a string, a number, a boolean or null, is %s", what(kind))
		}
		v, err := c.scalar(at)
		values = append(values, v)
		return err
	})
	return not([]test{oneOf(values)}), err
}

// anyText reads an operator on strings with one string or an array of them.
func (c *compiler) anyText(name, at string) (test, error) {
	switch name {
	case "prefix", "suffix", "equals-ignore-case", "wildcard":
	default:
		return nil, fault(at, "is no operator here; anything-but takes values, prefix, suffix, equals-ignore-case or wildcard")
	}
	kind, err := c.peek()
	if err != nil {
		return nil, err
	}
	var tests []test
	err = c.oneOrMore(at, kind, func(at string, _ jsontext.Kind) error {
		t, err := c.text(name, at)
		tests = append(tests, t)
		return err
	})
	return not(tests), err
}

// oneOrMore reads what comes next, or each element of it if it is an array.
func (c *compiler) oneOrMore(at string, kind jsontext.Kind, visit func(at string, kind jsontext.Kind) error) error {
	if kind != '[' {
		return visit(at, kind)
	}
	return c.array(at, "values", func(at string, kind jsontext.Kind) error {
		if err := c.rule(at); err != nil {
			return err
		}
		return visit(at, kind)
	})
}

// not holds where none of the tests does.
func not(tests []test) test {
	return func(v scalar) bool { return !slices.ContainsFunc(tests, func(t test) bool { return t(v) }) }
}

func oneOf(values []scalar) test {
	return func(v scalar) bool { return slices.Contains(values, v) }
}
