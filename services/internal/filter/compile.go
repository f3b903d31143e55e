package filter

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// Compile reads a pattern. The error is an *Error.
func Compile(pattern []byte, limits Limits) (*Pattern, error) {
	limits = limits.withDefaults()
	if len(pattern) > limits.MaxBytes {
		return nil, fault(Field, "has %d bytes, at most %d are allowed", len(pattern), limits.MaxBytes)
	}
	c := &compiler{limits: limits, dec: jsontext.NewDecoder(bytes.NewBuffer(pattern), jsontext.AllowDuplicateNames(true))}
	kind, err := c.peek()
	if err != nil {
		return nil, err
	}
	if kind != '{' {
		return nil, fault(Field, "must be an object of the members of data, is %s", what(kind))
	}
	top, err := c.object(Field, nil, 1)
	if err != nil {
		return nil, err
	}
	switch _, err := c.dec.ReadToken(); {
	case err == nil:
		return nil, fault(Field, "has something after the object, which must stand alone")
	case !errors.Is(err, io.EOF):
		return nil, notJSON(err)
	}
	return &Pattern{top: top}, nil
}

// compiler reads one pattern from front to back. at is the place for errors
// and path the names of the members of data.
type compiler struct {
	limits Limits
	dec    *jsontext.Decoder
	rules  int
}

func (c *compiler) object(at string, path []string, depth int) (*object, error) {
	if depth > c.limits.MaxDepth {
		return nil, fault(at, "stands too deep: at most %d objects may stand within one another", c.limits.MaxDepth)
	}
	o := &object{}
	err := c.members(at, func(name string) error { return c.field(o, at, name, path, depth) })
	if err == nil && len(o.fields)+len(o.ors) == 0 {
		err = fault(at, "is empty; name at least one member")
	}
	return o, err
}

func (c *compiler) field(o *object, at, name string, path []string, depth int) (err error) {
	at = member(at, name)
	kind, err := c.peek()
	if err != nil {
		return err
	}
	switch {
	case name == "$or" && kind != '[':
		return fault(at, "must be an array of patterns, is %s", what(kind))
	case name == "$or":
		branches, err := c.or(at, path, depth)
		o.ors = append(o.ors, branches)
		return err
	case kind != '{' && kind != '[':
		return fault(at, "must be an array of alternatives or an object of members, is %s; a single alternative stands in an array too", what(kind))
	}
	f := field{name: name}
	path = append(slices.Clip(path), name)
	if kind == '{' {
		f.object, err = c.object(at, path, depth+1)
	} else {
		f.leaf, err = c.leaf(at, path)
	}
	o.fields = append(o.fields, f)
	return err
}

func (c *compiler) or(at string, path []string, depth int) (branches []*object, err error) {
	err = c.array(at, "patterns", func(at string, kind jsontext.Kind) error {
		if kind != '{' {
			return fault(at, "must be an object of members, is %s", what(kind))
		}
		branch, err := c.object(at, path, depth+1)
		branches = append(branches, branch)
		return err
	})
	return branches, err
}

func (c *compiler) leaf(at string, path []string) (*leaf, error) {
	l := newLeaf(path)
	return l, c.array(at, "alternatives", func(at string, kind jsontext.Kind) error {
		switch err := c.rule(at); {
		case err != nil:
			return err
		case kind == '[':
			return fault(at, "must be a value or an operator, is an array; alternatives stand in one array")
		case kind == '{':
			return c.operator(l, at)
		}
		v, err := c.scalar(at)
		l.add(v)
		return err
	})
}

// rule counts one of what MaxRules limits.
func (c *compiler) rule(at string) error {
	if c.rules++; c.rules > c.limits.MaxRules {
		return fault(at, "is one too many: a pattern has at most %d alternatives in all", c.limits.MaxRules)
	}
	return nil
}
