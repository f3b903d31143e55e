package catalogue

import (
	"encoding/json"
	"strconv"
	"strings"
)

// A number is compared as a fraction of whole numbers: 1e1000000 would be one of
// a million digits, and what is larger the validator cannot hold at all. A
// float64 ends at 1e308.
const (
	maxDigits   = 1000
	maxExponent = 400
)

// hugeNumber returns the path to a number that is out of bounds.
func hugeNumber(v any) (path []string, found bool) {
	switch v := v.(type) {
	case json.Number:
		return nil, tooHuge(string(v))
	case []any:
		for i, item := range v {
			if path, found := hugeNumber(item); found {
				return append([]string{strconv.Itoa(i)}, path...), true
			}
		}
	case map[string]any:
		for name, item := range v {
			if path, found := hugeNumber(item); found {
				return append([]string{name}, path...), true
			}
		}
	}
	return nil, false
}

func tooHuge(number string) bool {
	if len(number) > maxDigits {
		return true
	}
	at := strings.IndexAny(number, "eE")
	if at < 0 {
		return false
	}
	exponent, err := strconv.Atoi(number[at+1:])
	return err != nil || exponent > maxExponent || exponent < -maxExponent
}
