package filter

import (
	"errors"
	"strings"
	"testing"
)

// Errors name the place, what was found, and what is allowed.
func TestCompileErrors(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{
		``:                         `filters.pattern: is not JSON: it ends too early`,
		`{"a":["x"]`:               `filters.pattern: is not JSON: it ends too early`,
		`{"a":[x]}`:                `filters.pattern: is not JSON: `,
		`{"a":["\ud800"]}`:         `filters.pattern: is not JSON: `,
		"{\"a\":[\"\xff\"]}":       `filters.pattern: is not JSON: `,
		`{"a":["x"]} {}`:           `filters.pattern: has something after the object`,
		`{"a":["x"]}]`:             `filters.pattern: is not JSON: `,
		`[]`:                       `filters.pattern: must be an object of the members of data, is an array`,
		`"x"`:                      `filters.pattern: must be an object of the members of data, is a string`,
		`{}`:                       `filters.pattern: is empty`,
		`{"a":{}}`:                 `filters.pattern.a: is empty`,
		`{"a":[]}`:                 `filters.pattern.a: is an empty array; it must hold alternatives`,
		`{"a":"x"}`:                `filters.pattern.a: must be an array of alternatives or an object of members, is a string`,
		`{"a":{"b":null}}`:         `filters.pattern.a.b: must be an array of alternatives or an object of members, is null`,
		`{"a":[["x"]]}`:            `filters.pattern.a[0]: must be a value or an operator, is an array`,
		`{"a":["x"],"a":["y"]}`:    `filters.pattern.a: stands twice`,
		`{"a":["x"],"\u0061":[1]}`: `filters.pattern.a: stands twice`,
		`{"a b":[{}]}`:             `filters.pattern["a b"][0]: is an empty object`,
		`{"":5}`:                   `filters.pattern[""]: must be`,
		`{"a":[1e1000000001]}`:     `filters.pattern.a[0]: is 1e1000000001; the exponent of a number must lie between -1000000000 and 1000000000`,

		`{"a":["x",{"contains":"y"}]}`:                 `filters.pattern.a[1].contains: is no operator; there are prefix, suffix, equals-ignore-case, wildcard, anything-but, numeric, exists, cidr`,
		`{"a":[{"prefix":"x","suffix":"y"}]}`:          `filters.pattern.a[0].suffix: stands beside another operator`,
		`{"a":[{"prefix":"x","prefix":"y"}]}`:          `filters.pattern.a[0].prefix: stands twice`,
		`{"a":[{"prefix":5}]}`:                         `filters.pattern.a[0].prefix: must be a string, is a number`,
		`{"a":[{"suffix":["x"]}]}`:                     `filters.pattern.a[0].suffix: must be a string, is an array`,
		`{"a":[{"suffix":{"prefix":"x"}}]}`:            `filters.pattern.a[0].suffix.prefix: is no operator here; suffix takes a string or equals-ignore-case`,
		`{"a":[{"prefix":{}}]}`:                        `filters.pattern.a[0].prefix: is an empty object`,
		`{"a":[{"prefix":{"equals-ignore-case":1}}]}`:  `filters.pattern.a[0].prefix.equals-ignore-case: must be a string, is a number`,
		`{"a":[{"equals-ignore-case":{}}]}`:            `filters.pattern.a[0].equals-ignore-case: must be a string, is an object`,
		`{"a":[{"wildcard":true}]}`:                    `filters.pattern.a[0].wildcard: must be a string, is a boolean`,
		`{"a":[{"wildcard":"a**b"}]}`:                  `filters.pattern.a[0].wildcard: has two stars side by side`,
		`{"a":[{"wildcard":"**"}]}`:                    `filters.pattern.a[0].wildcard: has two stars side by side`,
		`{"a":[{"wildcard":"a\\b"}]}`:                  `filters.pattern.a[0].wildcard: has a backslash`,
		`{"a":[{"wildcard":"a\\"}]}`:                   `filters.pattern.a[0].wildcard: has a backslash`,
		`{"a":[{"exists":"yes"}]}`:                     `filters.pattern.a[0].exists: must be true or false, is a string`,
		`{"a":[{"cidr":"10.0.0.0"}]}`:                  `filters.pattern.a[0].cidr: must be a block of addresses such as 10.0.0.0/24 or 2001:db8::/32, is "10.0.0.0"`,
		`{"a":[{"cidr":10}]}`:                          `filters.pattern.a[0].cidr: must be a string, is a number`,
		`{"a":[{"anything-but":[]}]}`:                  `filters.pattern.a[0].anything-but: is an empty array`,
		`{"a":[{"anything-but":["x",[1]]}]}`:           `filters.pattern.a[0].anything-but[1]: must be a string, a number, a boolean or null, is an array`,
		`{"a":[{"anything-but":{"numeric":["<",1]}}]}`: `filters.pattern.a[0].anything-but.numeric: is no operator here; anything-but takes values, prefix, suffix, equals-ignore-case or wildcard`,
		`{"a":[{"anything-but":{"prefix":["x",1]}}]}`:  `filters.pattern.a[0].anything-but.prefix[1]: must be a string, is a number`,
		`{"a":[{"anything-but":{}}]}`:                  `filters.pattern.a[0].anything-but: is an empty object`,

		`{"amount":[{"numeric":5}]}`:                   `filters.pattern.amount[0].numeric: must be an array such as [">", 0, "<=", 5], is a number`,
		`{"amount":[{"numeric":[]}]}`:                  `filters.pattern.amount[0].numeric: is an empty array; it must hold a comparison and a number`,
		`{"amount":[{"numeric":["!=",5]}]}`:            `filters.pattern.amount[0].numeric[0]: must be one of = < <= > >=, is "!="`,
		`{"amount":[{"numeric":[5]}]}`:                 `filters.pattern.amount[0].numeric[0]: must be a string, is a number`,
		`{"amount":[{"numeric":["<","5"]}]}`:           `filters.pattern.amount[0].numeric[1]: must be a number, is a string`,
		`{"amount":[{"numeric":["<"]}]}`:               `filters.pattern.amount[0].numeric: ends with "<"; a number must follow`,
		`{"amount":[{"numeric":[">",1,"<"]}]}`:         `filters.pattern.amount[0].numeric: ends with "<"; a number must follow`,
		`{"amount":[{"numeric":[">",0,"<",5,"<",6]}]}`: `filters.pattern.amount[0].numeric[4]: is too much: a range has two bounds at most`,
		`{"amount":[{"numeric":["=",0,"<",5]}]}`:       `filters.pattern.amount[0].numeric: has = beside another comparison`,
		`{"amount":[{"numeric":["<",0,"<=",5]}]}`:      `filters.pattern.amount[0].numeric: has two bounds on one side: < and <=`,
		`{"amount":[{"numeric":[">",5,"<=",5]}]}`:      `filters.pattern.amount[0].numeric: holds for no number`,
		`{"amount":[{"numeric":["<=",-5,">=",5]}]}`:    `filters.pattern.amount[0].numeric: holds for no number`,

		`{"$or":{"a":["x"]}}`:         `filters.pattern.$or: must be an array of patterns, is an object`,
		`{"$or":[]}`:                  `filters.pattern.$or: is an empty array; it must hold patterns`,
		`{"a":{"$or":[{}]}}`:          `filters.pattern.a.$or[0]: is empty`,
		`{"$or":["x"]}`:               `filters.pattern.$or[0]: must be an object of members, is a string`,
		`{"$or":[{"a":[1]},{"b":2}]}`: `filters.pattern.$or[1].b: must be an array`,

		strings.Repeat(`{"a":`, 17) + `[1]` + strings.Repeat(`}`, 17):   `filters.pattern` + strings.Repeat(".a", 16) + `: stands too deep: at most 16 objects`,
		`{"a":["` + strings.Repeat("x", 8192) + `"]}`:                   `filters.pattern: has 8202 bytes, at most 8192 are allowed`,
		`{"a":[1` + strings.Repeat(",1", 512) + `]}`:                    `filters.pattern.a[512]: is one too many: a pattern has at most 512 alternatives`,
		`{"a":[{"anything-but":[1` + strings.Repeat(",1", 511) + `]}]}`: `filters.pattern.a[0].anything-but[511]: is one too many`,
		`{"` + strings.Repeat("n", 99) + `":1}`:                         `filters.pattern["` + strings.Repeat("n", 64) + `"]: must be`,
	} {
		_, err := Compile([]byte(pattern), Limits{})
		var fault *Error
		if !errors.As(err, &fault) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.200s:\n got %v\nwant %s", pattern, err, want)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	within := `{"a":{"b":[1,{"numeric":[">",1,"<",2]}]}}`
	if _, err := Compile([]byte(within), Limits{MaxBytes: len(within), MaxDepth: 2, MaxRules: 2}); err != nil {
		t.Error(err)
	}
	for want, limits := range map[string]Limits{
		"at most 40": {MaxBytes: len(within) - 1}, "at most 1 objects": {MaxDepth: 1}, "at most 1 alternatives": {MaxRules: 1},
	} {
		if _, err := Compile([]byte(within), limits); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", limits, err, want)
		}
	}
}
