package template

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// member returns the value of data's first member of that name, byte for
// byte. It returns nil where data is no object, has none, or has null: a
// default is for all of these.
//
// It takes data for JSON, which it was checked to be, and so only looks for
// where things end. A decoder would allocate for every delivery.
func member(data []byte, name string) []byte {
	i := skipSpace(data, 0)
	if i >= len(data) || data[i] != '{' {
		return nil
	}
	for i = skipSpace(data, i+1); i < len(data) && data[i] == '"'; i = skipSpace(data, i+1) {
		end := skipString(data, i)
		found := isNamed(data[i:end], name)
		i = skipSpace(data, skipSpace(data, end)+1) // over the colon
		end = skipValue(data, i)
		if found {
			return notNull(data[min(i, end):end])
		}
		i = skipSpace(data, end) // at a comma, or at the end
	}
	return nil
}

func notNull(value []byte) []byte {
	if string(value) == null {
		return nil
	}
	return value
}

// isNamed compares a quoted name.
func isNamed(quoted []byte, name string) bool {
	if len(quoted) >= 2 && string(quoted[1:len(quoted)-1]) == name {
		return true
	}
	if bytes.IndexByte(quoted, '\\') < 0 {
		return false
	}
	text, err := jsontext.AppendUnquote(nil, quoted)
	return err == nil && string(text) == name
}

func skipSpace(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\t' || data[i] == '\n' || data[i] == '\r') {
		i++
	}
	return i
}

// skipString returns what follows the string that begins at i.
func skipString(data []byte, i int) int {
	for i++; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(data)
}

// skipValue returns what follows the value that begins at i.
func skipValue(data []byte, i int) int {
	for depth := 0; i < len(data); {
		switch data[i] {
		case '"':
			i = skipString(data, i)
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth <= 0 {
				return i + 1 + min(depth, 0) // a scalar ends before the brace
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return len(data)
}
