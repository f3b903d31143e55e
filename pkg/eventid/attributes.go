package eventid

import (
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"
)

// Limits of the attributes of one event. CloudEvents asks for none; these keep
// the size of a delivery in bounds.
const (
	MaxAttributes     = 32
	MaxAttributeName  = 64   // bytes
	MaxAttributeValue = 4096 // bytes
)

// AttributeError says what is wrong with one attribute, or, where Name is
// empty and Count is not 0, that there are too many.
type AttributeError struct {
	Name    string
	Problem string
	Count   int
}

func (e *AttributeError) Error() string {
	if e.Count > 0 {
		return "attributes: " + e.Problem
	}
	return fmt.Sprintf("attribute %.64q: %s", e.Name, e.Problem)
}

// Unwrap returns ErrName.
func (*AttributeError) Unwrap() error { return ErrName }

// CheckAttributes holds for the attributes of an event that have no field of
// their own: their number, names and values. Errors are *AttributeError.
func CheckAttributes(attributes map[string]string) error {
	if len(attributes) > MaxAttributes {
		return &AttributeError{Count: len(attributes), Problem: fmt.Sprintf("has %d entries, at most %d allowed", len(attributes), MaxAttributes)}
	}
	if len(attributes) == 0 {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		if err := CheckAttribute(name, attributes[name]); err != nil {
			return err
		}
	}
	return nil
}

// CheckAttribute holds the naming rule of CloudEvents 1.0, section 3.1, and
// the limits. Its error is an *AttributeError.
func CheckAttribute(name, value string) error {
	fault := func(format string, args ...any) error {
		return &AttributeError{Name: name, Problem: fmt.Sprintf(format, args...)}
	}
	if name == "" || len(name) > MaxAttributeName {
		return fault("an attribute's name has 1 to %d characters", MaxAttributeName)
	}
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return fault("an attribute's name has only lower-case letters and digits (CloudEvents 1.0, section 3.1)")
		}
	}
	switch {
	case name == "data" || HasField(name):
		return fault("this name is taken; an extension cannot have it")
	case len(value) > MaxAttributeValue:
		return fault("%d bytes, at most %d allowed", len(value), MaxAttributeValue)
	case !utf8.ValidString(value):
		return fault("is not UTF-8")
	}
	return nil
}

// HasField says whether a CloudEvents attribute has a place of its own in an
// event, so that none of the others may have its name.
func HasField(name string) bool {
	switch name {
	case "specversion", "id", "source", "type", "time", "tenant":
		return true
	}
	return false
}
