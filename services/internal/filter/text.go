package filter

import (
	"strings"
	"unicode/utf8"
)

// text reads what stands behind one of the operators on strings.
func (c *compiler) text(name, at string) (t test, err error) {
	kind, err := c.peek()
	if err != nil {
		return nil, err
	}
	if kind == '{' && (name == "prefix" || name == "suffix") {
		return c.affixFold(name, at)
	}
	s, err := c.str(at)
	if err != nil {
		return nil, err
	}
	switch name {
	case "prefix":
		return prefix(s), nil
	case "suffix":
		return suffix(s), nil
	case "equals-ignore-case":
		return equalFold(s), nil
	}
	if t, err = wildcard(s); err != nil {
		return nil, fault(at, "%s", err)
	}
	return t, nil
}

// affixFold reads {"equals-ignore-case": "…"} behind prefix or suffix.
func (c *compiler) affixFold(name, at string) (t test, err error) {
	err = c.only(at, func(inner string) error {
		at := member(at, inner)
		if inner != "equals-ignore-case" {
			return fault(at, "is no operator here; %s takes a string or equals-ignore-case", name)
		}
		s, err := c.str(at)
		if t = suffixFold(s); name == "prefix" {
			t = prefixFold(s)
		}
		return err
	})
	return t, err
}

// text makes a test that looks at strings alone.
func text(holds func(string) bool) test {
	return func(v scalar) bool { return v.kind == '"' && holds(v.text) }
}

func equalFold(want string) test {
	return text(func(s string) bool { return strings.EqualFold(s, want) })
}

func prefix(want string) test {
	return text(func(s string) bool { return strings.HasPrefix(s, want) })
}

func suffix(want string) test {
	return text(func(s string) bool { return strings.HasSuffix(s, want) })
}

// prefixFold compares as many characters as want has: folding keeps their
// number, not their bytes.
func prefixFold(want string) test {
	n := utf8.RuneCountInString(want)
	return text(func(s string) bool {
		end := 0
		for range n {
			_, size := utf8.DecodeRuneInString(s[end:])
			end += size
		}
		return strings.EqualFold(s[:end], want)
	})
}

func suffixFold(want string) test {
	n := utf8.RuneCountInString(want)
	return text(func(s string) bool {
		start := len(s)
		for range n {
			_, size := utf8.DecodeLastRuneInString(s[:start])
			start -= size
		}
		return strings.EqualFold(s[start:], want)
	})
}
