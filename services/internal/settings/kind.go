package settings

import (
	"encoding"
	"log/slog"
	"math"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// kind is how one type of value is read from text and described to a reader.
type kind struct {
	expected string // completes "expected …"
	unit     string // shown where a field has no unit tag
	parse    func(target reflect.Value, text string) bool
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// kindOf finds the kind of a type; ok is false for a type that no setting has.
func kindOf(t reflect.Type) (k kind, ok bool) {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return kind{"a duration such as 500ms, 15s or 1h30m", "duration", parseDuration}, true
	case reflect.TypeFor[Bytes]():
		return kind{"a size such as 262144, 256KiB or 1MiB", "bytes", parseText}, true
	case reflect.TypeFor[slog.Level]():
		return kind{"debug, info, warn or error", "level", parseText}, true
	case reflect.TypeFor[netip.Prefix]():
		return kind{"a network such as 10.0.0.0/8 or fd00::/8", "network", parseText}, true
	case reflect.TypeFor[SecretURL]():
		return kind{"a URL such as redis://user:password@host:6379", "URL", parseSecretURL}, true
	}
	if reflect.PointerTo(t).Implements(textUnmarshaler) {
		return kind{"text of type " + t.String(), "", parseText}, true
	}
	return kindOfBasic(t)
}

func kindOfBasic(t reflect.Type) (k kind, ok bool) {
	switch t.Kind() {
	case reflect.String:
		return kind{"text", "", func(v reflect.Value, s string) bool { v.SetString(s); return true }}, true
	case reflect.Bool:
		return kind{"true or false", "true or false", parseBool}, true
	case reflect.Int, reflect.Int64:
		return kind{"a whole number", "", parseInt}, true
	case reflect.Uint:
		return kind{"a whole number, 0 or more", "", parseUint}, true
	case reflect.Float64:
		return kind{"a number", "", parseFloat}, true
	}
	return kind{}, false
}

// isList says whether a type holds several values of its element type.
func isList(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && !reflect.PointerTo(t).Implements(textUnmarshaler)
}

// scalar is the type of one value: the element of a list, else the type itself.
func scalar(t reflect.Type) reflect.Type {
	if isList(t) {
		return t.Elem()
	}
	return t
}

func parseText(target reflect.Value, text string) bool {
	return target.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) == nil
}

func parseDuration(target reflect.Value, text string) bool {
	d, err := time.ParseDuration(text)
	target.SetInt(int64(d))
	return err == nil
}

func parseSecretURL(target reflect.Value, text string) bool {
	target.SetString(text)
	for _, part := range splitURLs(text) {
		if !validURL(part) {
			return false
		}
	}
	return true
}

func parseBool(target reflect.Value, text string) bool {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "1":
		target.SetBool(true)
	case "false", "no", "off", "0":
		target.SetBool(false)
	default:
		return false
	}
	return true
}

func parseInt(target reflect.Value, text string) bool {
	n, err := strconv.ParseInt(text, 10, target.Type().Bits())
	target.SetInt(n)
	return err == nil
}

func parseUint(target reflect.Value, text string) bool {
	n, err := strconv.ParseUint(text, 10, target.Type().Bits())
	target.SetUint(n)
	return err == nil
}

// parseFloat refuses NaN and infinities: no bound or ratio can mean them.
func parseFloat(target reflect.Value, text string) bool {
	f, err := strconv.ParseFloat(text, 64)
	target.SetFloat(f)
	return err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}
