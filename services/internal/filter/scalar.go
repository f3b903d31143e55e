package filter

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// scalar is a string, a number, a boolean or null. Two are == if they are the
// same value, however each is written, so a scalar can be the key of a map.
type scalar struct {
	text string        // a string, or the digits of a number, 0.text × 10^exp
	exp  int32         // of a number
	kind jsontext.Kind // '"', '0', 't', 'f', 'n', or vast
	neg  bool
}

// vast is the kind of a number that is too large or too small to compare. It
// is a scalar, and is the same only as one that is written alike.
const vast jsontext.Kind = '9'

// stringScalar is the scalar of a string.
func stringScalar(s string) scalar { return scalar{kind: '"', text: s} }

// scalarOf reads a scalar that is valid JSON.
func scalarOf(raw jsontext.Value) scalar {
	switch kind := raw.Kind(); kind {
	case '"':
		return stringScalar(unquote(raw))
	case '0':
		return number(string(raw))
	default:
		return scalar{kind: kind}
	}
}

// unquote reads half a surrogate pair, which producers may send, as U+FFFD.
func unquote(raw jsontext.Value) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	text, _ := jsontext.AppendUnquote(nil, raw) // the error is the half pair
	return string(text)
}

// maxExponent leaves room for the digits beside it in an int32.
const maxExponent = 1_000_000_000

// number brings a number to its only form: digits that neither begin nor end
// with a zero, after the point. Zero has no digits.
func number(raw string) scalar {
	text, neg := strings.CutPrefix(raw, "-")
	exponent := 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		n, err := strconv.Atoi(text[i+1:])
		if err != nil || n < -maxExponent || n > maxExponent {
			return scalar{kind: vast, text: raw}
		}
		text, exponent = text[:i], n
	}
	whole, fraction, _ := strings.Cut(text, ".")
	digits := whole + fraction
	significant := strings.TrimLeft(digits, "0")
	exponent += len(whole) - (len(digits) - len(significant))
	significant = strings.TrimRight(significant, "0")
	if significant == "" {
		return scalar{kind: '0'}
	}
	return scalar{kind: '0', text: significant, exp: int32(exponent), neg: neg}
}

// compare orders two numbers.
func compare(a, b scalar) int {
	if sa, sb := a.sign(), b.sign(); sa != sb {
		return sa - sb
	}
	order := int(a.exp) - int(b.exp)
	if order == 0 {
		order = strings.Compare(a.text, b.text)
	}
	return order * a.sign()
}

func (v scalar) sign() int {
	switch {
	case v.text == "":
		return 0
	case v.neg:
		return -1
	default:
		return 1
	}
}
