package settings

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// WrongError says that a value was read but breaks a rule. Validate returns it
// through Wrong, and Run adds where the value was said and what it was.
type WrongError struct {
	Setting  string // the name, such as max-event-bytes
	Expected string // completes "expected …"
}

// Wrong is the error of a Validate method that refuses the value of a setting,
// named as its flag without dashes. expected completes "expected …", such as
// "more than min-workers".
func Wrong(setting, expected string) error {
	return &WrongError{Setting: setting, Expected: expected}
}

func (e *WrongError) Error() string {
	return fmt.Sprintf("setting %s is wrong, expected %s", e.Setting, e.Expected)
}

// wrong is the problem of a value that was said and cannot be used.
func wrong(where, shown, expected string) error {
	return fmt.Errorf("%s: %s is wrong, expected %s", where, shown, expected)
}

// unknown is the problem of a name that no setting has. The value stays out:
// it may be the value of a secret whose name is misspelled.
func unknown(where, hint string) error {
	if hint == "" {
		return fmt.Errorf("%s: there is no such setting", where)
	}
	return fmt.Errorf("%s: there is no such setting, did you mean %s?", where, hint)
}

// longestShown is in runes; a longer value is cut, the line stays readable.
const longestShown = 80

// quoted shows a value on one line, however odd it is.
func quoted(text string) string {
	runes := []rune(text)
	if len(runes) > longestShown {
		text = string(runes[:longestShown]) + "…"
	}
	return strconv.Quote(text)
}

// oneLine joins the lines of an error, as errors.Join makes them, with "; ".
func oneLine(text string) string {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.Join(lines, "; "))
}
