package eventid_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/pkg/eventid"
)

func TestCheckAttributes(t *testing.T) {
	t.Parallel()
	many := make(map[string]string)
	for i := range eventid.MaxAttributes + 1 {
		many["a"+strconv.Itoa(i)] = "x"
	}
	for want, attributes := range map[string]map[string]string{
		"": {"subject": "s", "a1": strings.Repeat("x", eventid.MaxAttributeValue)},
		`attribute "": an attribute's name has 1 to 64 characters`:                                                   {"": "x"},
		`attribute "Big": an attribute's name has only lower-case letters and digits (CloudEvents 1.0, section 3.1)`: {"Big": "x"},
		`attribute "tenant": this name is taken; an extension cannot have it`:                                        {"tenant": "x"},
		`attribute "data": this name is taken; an extension cannot have it`:                                          {"data": "x"},
		`attribute "a": 4097 bytes, at most 4096 allowed`:                                                            {"a": strings.Repeat("x", 4097)},
		`attribute "a": is not UTF-8`:                                                                                {"a": "\xff"},
		"attributes: has 33 entries, at most 32 allowed":                                                             many,
	} {
		err := eventid.CheckAttributes(attributes)
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != want || !errors.Is(err, eventid.ErrName)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
