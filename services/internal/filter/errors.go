package filter

import (
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/posthaste/posthaste/services/internal/jsonfault"
)

// Field is where a pattern stands in a subscription; paths of errors begin
// with it.
const Field = "filters.pattern"

// Error says what is wrong with a pattern, and where.
type Error struct {
	// Path into the pattern, such as "filters.pattern.amount[0].numeric".
	Path string
	// Problem says what was found, and what is allowed.
	Problem string
}

func (e *Error) Error() string { return e.Path + ": " + e.Problem }

func fault(at, format string, args ...any) error {
	return &Error{Path: at, Problem: fmt.Sprintf(format, args...)}
}

// notJSON says where a pattern's text breaks, without the library's prefix.
func notJSON(err error) error {
	return fault(Field, "is not JSON: %s", jsonfault.Syntax(err))
}

// member is the path of a member. A name that would not read well in a path is
// quoted and cut: it is a stranger's.
func member(at, name string) string {
	const most = 64 // bytes
	plain := name != "" && len(name) <= most
	for i := 0; plain && i < len(name); i++ {
		c := name[i]
		plain = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '$'
	}
	if plain {
		return at + "." + name
	}
	return fmt.Sprintf("%s[%.*q]", at, most, name)
}

func element(at string, i int) string { return at + "[" + strconv.Itoa(i) + "]" }

// what names a kind of JSON value in an error.
func what(kind jsontext.Kind) string {
	switch kind {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case 'n':
		return "null"
	default:
		return "a boolean"
	}
}
