package event

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/posthaste/posthaste/services/internal/jsonfault"
)

// maxMembers is more than any event has: 32 attributes of its own and those
// with a name in CloudEvents.
const maxMembers = 64

// members calls visit for each member of the object that comes next. Values
// alias body.
func members(dec *jsontext.Decoder, body []byte, visit func(name string, value jsontext.Value) error) error {
	if _, err := dec.ReadToken(); err != nil {
		return notJSON(err)
	}
	var seen [8]string
	names := seen[:0]
	for dec.PeekKind() != '}' {
		name, err := memberName(dec, names)
		if err != nil {
			return err
		}
		names = append(names, name)
		value, err := memberValue(dec, body, name)
		if err != nil {
			return err
		}
		if err := visit(name, value); err != nil {
			return err
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return notJSON(err)
	}
	return nil
}

// memberName reads a name that is none of those before it.
func memberName(dec *jsontext.Decoder, before []string) (string, error) {
	token, err := dec.ReadToken()
	if err != nil {
		return "", notJSON(err)
	}
	name := token.String()
	switch {
	case slices.Contains(before, name):
		return "", fault(name, "stands twice")
	case len(before) == maxMembers:
		return "", fault("", "the event has more than %d fields", maxMembers)
	}
	return name, nil
}

func memberValue(dec *jsontext.Decoder, body []byte, name string) (jsontext.Value, error) {
	value, err := dec.ReadValue()
	if err != nil {
		return nil, fault(name, "not JSON: %s", jsonfault.Syntax(err))
	}
	end := dec.InputOffset()
	value = body[end-int64(len(value)) : end : end]
	if !utf8.Valid(value) {
		return nil, fault(name, "is not UTF-8")
	}
	return value, nil
}

// newDecoder reads body without copying it. It takes JSON as RFC 8259 has it:
// names may repeat inside data, and an escape may be half a surrogate pair. It
// is the producer's, and we pass it on as it is. That the bytes are UTF-8 is
// for the caller to check.
func newDecoder(body []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

func notJSON(err error) error { return fault("", "the body is not JSON: %s", jsonfault.Syntax(err)) }
