package event

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// text reads a JSON string; null counts as absent.
func text(field string, value jsontext.Value) (string, error) {
	switch value.Kind() {
	case 'n':
		return "", nil
	case '"':
		unquoted, err := jsontext.AppendUnquote(nil, value)
		if err != nil {
			return "", fault(field, "not a string in Unicode: half a surrogate pair")
		}
		return string(unquoted), nil
	default:
		return "", fault(field, "must be a string")
	}
}

// given is text that may be left out but not be empty. A variable that was
// never set would otherwise cost idempotency or reach another tenant.
func given(field string, value jsontext.Value) (string, error) {
	s, err := text(field, value)
	if err == nil && s == "" && value.Kind() == '"' {
		return "", fault(field, "is empty; leave the field out instead")
	}
	return s, err
}

// timestamp reads an RFC 3339 string; null counts as absent.
func timestamp(field string, value jsontext.Value) (*timestamppb.Timestamp, error) {
	s, err := text(field, value)
	if err != nil || value.Kind() == 'n' {
		return nil, err
	}
	return parseTime(field, s)
}

func parseTime(field, s string) (*timestamppb.Timestamp, error) {
	t, err := time.Parse(time.RFC3339, s)
	// time.Parse also takes an hour of one digit and a decimal comma.
	if err != nil || s[len("2006-01-02T15")] != ':' || strings.Contains(s, ",") {
		return nil, fault(field, "must be a time in RFC 3339, such as 2026-01-15T10:30:00Z")
	}
	at := timestamppb.New(t)
	if at.CheckValid() != nil {
		return nil, fault(field, "must lie in the years 0001 to 9999 UTC")
	}
	return at, nil
}
