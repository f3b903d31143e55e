package filter

import (
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// numeric reads ["=", x], [">", x] or [">", x, "<=", y]. Equality is a value
// like any other, so that it can be looked up.
func (c *compiler) numeric(l *leaf, at string) error {
	kind, err := c.peek()
	if err != nil {
		return err
	}
	if kind != '[' {
		return fault(at, `must be an array such as [">", 0, "<=", 5], is %s`, what(kind))
	}
	bounds, err := c.bounds(at)
	switch {
	case err != nil:
		return err
	case bounds[0].operator == "=" && len(bounds) == 1:
		l.add(bounds[0].value)
		return nil
	case len(bounds) == 2:
		if err := checkRange(at, bounds[0], bounds[1]); err != nil {
			return err
		}
	}
	l.tests = append(l.tests, numeric(bounds))
	return nil
}

// bounds reads pairs of a comparison and a number.
func (c *compiler) bounds(at string) (bounds []bound, err error) {
	var b bound
	err = c.array(at, `a comparison and a number, as in ["<", 10]`, func(here string, kind jsontext.Kind) (err error) {
		switch {
		case len(bounds) == 2:
			return fault(here, "is too much: a range has two bounds at most")
		case b.operator == "":
			b.operator, err = c.comparison(here)
			return err
		case kind != '0':
			return fault(here, "must be a number, is %s", what(kind))
		}
		b.value, err = c.scalar(here)
		bounds, b = append(bounds, b), bound{}
		return err
	})
	if err == nil && b.operator != "" {
		err = fault(at, "ends with %q; a number must follow", b.operator)
	}
	return bounds, err
}

func (c *compiler) comparison(at string) (string, error) {
	s, err := c.str(at)
	if err != nil {
		return "", err
	}
	switch s {
	case "=", "<", "<=", ">", ">=":
		return s, nil
	default:
		return "", fault(at, "must be one of = < <= > >=, is %.64q", s)
	}
}

func checkRange(at string, lower, upper bound) error {
	switch {
	case lower.operator == "=" || upper.operator == "=":
		return fault(at, "has = beside another comparison; it must stand alone")
	case lower.upper() == upper.upper():
		return fault(at, "has two bounds on one side: %s and %s", lower.operator, upper.operator)
	case lower.upper():
		lower, upper = upper, lower
	}
	if barren(lower, upper) {
		return fault(at, "holds for no number: the lower bound must lie below the upper one")
	}
	return nil
}

// bound is one end of a range.
type bound struct {
	operator string // "<", "<=", ">", ">="
	value    scalar
}

func (b bound) upper() bool { return b.operator[0] == '<' }

func (b bound) open() bool { return len(b.operator) == 1 }

func (b bound) holds(v scalar) bool {
	order := compare(v, b.value)
	return order == 0 && !b.open() || order < 0 && b.upper() || order > 0 && !b.upper()
}

// numeric holds for numbers within all of the bounds.
func numeric(bounds []bound) test {
	return func(v scalar) bool {
		return v.kind == '0' && !slices.ContainsFunc(bounds, func(b bound) bool { return !b.holds(v) })
	}
}

// barren says that no number lies within both.
func barren(lower, upper bound) bool {
	order := compare(lower.value, upper.value)
	return order > 0 || order == 0 && (lower.open() || upper.open())
}
