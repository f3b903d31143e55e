package filter

import "github.com/go-json-experiment/json/jsontext"

// peek is the kind of what comes next, which the caller then reads.
func (c *compiler) peek() (jsontext.Kind, error) {
	kind := c.dec.PeekKind()
	if kind == jsontext.KindInvalid {
		_, err := c.dec.ReadToken()
		return kind, notJSON(err)
	}
	return kind, nil
}

func (c *compiler) token() (jsontext.Token, error) {
	token, err := c.dec.ReadToken()
	if err != nil {
		return token, notJSON(err)
	}
	return token, nil
}

// members reads an object whose brace comes next; visit reads each value.
func (c *compiler) members(at string, visit func(name string) error) error {
	if _, err := c.token(); err != nil {
		return err
	}
	seen := make(map[string]struct{})
	for c.dec.PeekKind() != '}' {
		token, err := c.token()
		if err != nil {
			return err
		}
		name := token.String()
		if _, twice := seen[name]; twice {
			return fault(member(at, name), "stands twice; put the alternatives into one array")
		}
		seen[name] = struct{}{}
		if err := visit(name); err != nil {
			return err
		}
	}
	_, err := c.token()
	return err
}

// array reads an array that must not be empty; visit reads each element. of
// names what it should hold.
func (c *compiler) array(at, of string, visit func(at string, kind jsontext.Kind) error) error {
	if _, err := c.token(); err != nil {
		return err
	}
	n := 0
	for ; c.dec.PeekKind() != ']'; n++ {
		kind, err := c.peek()
		if err != nil {
			return err
		}
		if err := visit(element(at, n), kind); err != nil {
			return err
		}
	}
	if n == 0 {
		return fault(at, "is an empty array; it must hold %s", of)
	}
	_, err := c.token()
	return err
}

// scalar reads a string, a number, a boolean or null, which the caller has
// seen to come next.
func (c *compiler) scalar(at string) (scalar, error) {
	raw, err := c.dec.ReadValue()
	if err != nil {
		return scalar{}, notJSON(err)
	}
	v := scalarOf(raw)
	if v.kind == vast {
		return scalar{}, fault(at, "is %.64s; the exponent of a number must lie between -%d and %[3]d", raw, maxExponent, maxExponent)
	}
	return v, nil
}

// str reads a string, and refuses all else.
func (c *compiler) str(at string) (string, error) {
	kind, err := c.peek()
	if err != nil {
		return "", err
	}
	if kind != '"' {
		return "", fault(at, "must be a string, is %s", what(kind))
	}
	token, err := c.token()
	if err != nil {
		return "", err
	}
	return token.String(), nil
}
