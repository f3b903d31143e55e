package template

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

func TestMember(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		`{"a":1}`:       `1`,
		`{"a":1,"a":2}`: `1`,
		" {\n\"b\" : [1, {\"a\":2}] ,\t\"a\" : \"x,}\\\"\" } ": `"x,}\""`,
		`{"b":"a","c":"\\","a":{"a":[{}]},"d":0}`:              `{"a":[{}]}`,
		`{"\u0061":true}`:     `true`,
		`{"a":null}`:          "",
		`{"aa":1,"":2,"A":3}`: "",
		`{"b":{"a":1}}`:       "",
		`{}`:                  "", `[]`: "", `["a",1]`: "", `"a"`: "", `1`: "", ``: "", ` `: "",
		// Never sent; only not to fall over.
		`{`: "", `{"a`: "", `{"a"`: "", `{"a":`: "", `{"a" 1`: "", `{"\`: "", `{"a":"\`: `"\`,
	} {
		if got := string(member([]byte(data), "a")); got != want {
			t.Errorf("%s: %q, want %q", data, got, want)
		}
	}
}

// FuzzMember holds it against a decoder.
func FuzzMember(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, `{"b":[1,{"a":"\\\""}],"\u0061" : {"a":1} }`, `[{"a":1}]`, `{"a":null}`, "{\"a\ufffd\":1}", `{"a":-1.5e3,"b":false}`} {
		f.Add([]byte(seed), "a")
	}
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		got := member(data, name)
		if !json.Valid(data) || !utf8.Valid(data) {
			return
		}
		if want := decodedMember(t, data, name); !bytes.Equal(got, want) {
			t.Fatalf("%q in %s: %q, want %q", name, data, got, want)
		}
	})
}

func decodedMember(t *testing.T, data []byte, name string) []byte {
	t.Helper()
	dec := jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if token, err := dec.ReadToken(); err != nil || token.Kind() != '{' {
		return nil
	}
	for dec.PeekKind() == '"' {
		token, err := dec.ReadToken()
		if err != nil {
			t.Fatal(err)
		}
		found := token.String() == name
		value, err := dec.ReadValue()
		if err != nil {
			t.Fatal(err)
		}
		if found && string(value) == "null" {
			return nil
		}
		if found {
			return value
		}
	}
	return nil
}
