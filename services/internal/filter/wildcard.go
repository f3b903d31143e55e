package filter

import (
	"errors"
	"strings"
)

// wildcard reads a pattern in which * is any number of characters, \* a star
// and \\ a backslash.
func wildcard(pattern string) (test, error) {
	parts, err := split(pattern)
	if err != nil {
		return nil, err
	}
	return text(func(s string) bool { return glob(parts, s) }), nil
}

// split cuts the pattern at its stars.
func split(pattern string) (parts []string, err error) {
	part := []byte{}
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '*':
			if i > 0 && len(part) == 0 {
				return nil, errors.New("has two stars side by side; one is enough")
			}
			parts, part = append(parts, string(part)), part[:0]
		case '\\':
			i++
			if i == len(pattern) || pattern[i] != '*' && pattern[i] != '\\' {
				return nil, errors.New(`has a backslash that stands neither before * nor before \`)
			}
			part = append(part, pattern[i])
		default:
			part = append(part, pattern[i])
		}
	}
	return append(parts, string(part)), nil
}

// glob holds if s is the parts in their order, with anything between them. To
// take each at its first place is enough, as only the last must end s.
func glob(parts []string, s string) bool {
	last := len(parts) - 1
	s, ok := strings.CutPrefix(s, parts[0])
	if !ok || last == 0 {
		return ok && s == ""
	}
	for _, part := range parts[1:last] {
		if _, s, ok = strings.Cut(s, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(s, parts[last])
}
