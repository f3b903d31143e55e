package filter

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		`{"a":["x",1,null,true,{"prefix":"p"}],"b":{"c":[{"numeric":[">",0,"<=",5e3]},{"cidr":"10.0.0.0/8"}]}}`,
		`{"$or":[{"a":[{"anything-but":{"suffix":["x"]}}]},{"b":[{"exists":false}]}]}`, `{"a":[{"wildcard":"*\\**"}]}`, `{"a":[`, `{"a":[1e999]}`, "{\"\xff\":1}",
	} {
		f.Add([]byte(seed))
	}
	limits := Limits{MaxBytes: 4096, MaxDepth: 8, MaxRules: 64}
	f.Fuzz(func(t *testing.T, pattern []byte) {
		before := bytes.Clone(pattern)
		p, err := Compile(pattern, limits)
		if !bytes.Equal(before, pattern) {
			t.Fatal("the pattern was changed")
		}
		var fault *Error
		switch {
		case err == nil:
			p.Match(NewData(pattern)) // any object will do
		case !errors.As(err, &fault) || !strings.HasPrefix(fault.Path, Field) || !utf8.ValidString(err.Error()) || len(err.Error()) > 4096:
			t.Fatalf("an error that cannot be told: %.5000q", err)
		}
	})
}

// Data comes from strangers and need not even be JSON. What matches is a
// candidate.
func FuzzMatch(f *testing.F) {
	f.Add([]byte(`{"a":["x",5]}`), []byte(`{"a":["x",["y"],5.0]}`))
	f.Add([]byte(`{"a":{"b":[1],"c":[{"exists":false}]},"$or":[{"d":[null]},{"e":[{"suffix":"z"}]}]}`), []byte(`{"a":[{"b":1}],"d":null,"e":"\ud800z"}`))
	f.Add([]byte(`{"a":[{"prefix":{"equals-ignore-case":"K"}},{"wildcard":"*b*"}]}`), []byte(`{"a":"\u212a","a":`))
	f.Add([]byte(`{"a":[{"numeric":["<",-1]},{"cidr":"::/0"}]}`), []byte("{\"a\":[-1e-7,\"\xff::1\"]}"))
	f.Fuzz(func(t *testing.T, pattern, raw []byte) {
		before := bytes.Clone(raw)
		p, err := Compile(pattern, Limits{})
		if err != nil {
			return
		}
		data := NewData(raw)
		matches := p.Match(data)
		if matches != p.Match(NewData(raw)) || matches != p.Match(data) {
			t.Fatal("asked again, and answered otherwise")
		}
		var set Set[int]
		set.Add(1, []*Pattern{p})
		if candidates := set.Candidates(data, nil); matches && !slices.Equal(candidates, []int{1}) {
			t.Fatalf("it matches, and the candidates are %v", candidates)
		}
		if !bytes.Equal(before, raw) {
			t.Fatal("the data was changed")
		}
	})
}
