package filter

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// anyScalar, leafOf, patternOf and dataOf draw from so few names and values that
// much matches by chance.
func anyScalar() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{`1`, `1.0`, `2`, `"1"`, `"x"`, `"xy"`, `"\u0078"`, `true`, `null`})
}

func joined(g *rapid.Generator[string], least, most int) *rapid.Generator[string] {
	return rapid.Map(rapid.SliceOfN(g, least, most), func(parts []string) string { return strings.Join(parts, ",") })
}

func leafOf() *rapid.Generator[string] {
	alternative := rapid.OneOf(anyScalar(), anyScalar(), anyScalar(), rapid.SampledFrom([]string{
		`{"prefix":"x"}`, `{"exists":false}`, `{"exists":true}`, `{"numeric":["<",2]}`, `{"numeric":["=",1]}`, `{"anything-but":["x",1]}`, `{"wildcard":"*y"}`,
	}))
	return rapid.Map(joined(alternative, 1, 3), func(s string) string { return "[" + s + "]" })
}

// objectOf makes {"a":…} of some of the names.
func objectOf(value *rapid.Generator[string], least int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), least, 3, rapid.ID).Draw(t, "names")
		members := make([]string, len(names))
		for i, name := range names {
			members[i] = strconv.Quote(name) + ":" + value.Draw(t, name)
		}
		return "{" + strings.Join(members, ",") + "}"
	})
}

func patternOf(depth int) *rapid.Generator[string] {
	value := leafOf()
	if depth > 0 {
		or := rapid.Map(joined(patternOf(depth-1), 1, 2), func(s string) string { return `{"$or":[` + s + `]}` })
		value = rapid.OneOf(value, value, patternOf(depth-1), or)
	}
	return objectOf(value, 1)
}

func dataOf(depth int) *rapid.Generator[string] {
	value := anyScalar()
	if depth > 0 {
		inner := rapid.OneOf(anyScalar(), dataOf(depth-1))
		array := rapid.Map(joined(inner, 0, 4), func(s string) string { return "[" + s + "]" })
		value = rapid.OneOf(anyScalar(), dataOf(depth-1), array)
	}
	return objectOf(value, 0)
}

// found are the items whose patterns match, by way of the set.
func found(s *Set[int], patterns map[int][]*Pattern, data *Data) []int {
	matches := slices.DeleteFunc(s.Candidates(data, []int{}), func(item int) bool { return !all(patterns[item], data) })
	matches = append(matches, s.Sure()...)
	slices.Sort(matches)
	return matches
}

func all(patterns []*Pattern, data *Data) bool {
	return !slices.ContainsFunc(patterns, func(p *Pattern) bool { return !p.Match(data) })
}

// Whatever was added and removed before, the set finds what asking each item
// finds, each once.
func TestSetAgreesWithAskingAll(t *testing.T) {
	t.Parallel()
	matches := 0 // of patterns
	rapid.Check(t, func(rt *rapid.T) {
		set, patterns := &Set[int]{}, map[int][]*Pattern{}
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			item := rapid.IntRange(0, 9).Draw(rt, "item")
			set.Remove(item)
			delete(patterns, item)
			if rapid.IntRange(0, 4).Draw(rt, "what") == 0 {
				continue
			}
			patterns[item] = []*Pattern{}
			for _, p := range rapid.SliceOfN(patternOf(2), 0, 2).Draw(rt, "patterns") {
				patterns[item] = append(patterns[item], compiled(t, p))
			}
			set.Add(item, patterns[item])
		}
		raw := dataOf(3).Draw(rt, "data")
		want := []int{}
		for item := range 10 {
			if patterns[item] != nil && all(patterns[item], NewData([]byte(raw))) {
				want = append(want, item)
				matches += len(patterns[item])
			}
		}
		if diff := cmp.Diff(want, found(set, patterns, NewData([]byte(raw)))); diff != "" || set.Len() != len(patterns) {
			rt.Fatalf("%s: %s; %d items, want %d", raw, diff, set.Len(), len(patterns))
		}
	})
	if matches == 0 && !testing.Short() { // then rapid makes too few
		t.Error("nothing ever matched, so nothing was tested")
	}
}

// Items whose values differ are not candidates of one another's events,
// whatever else they ask for and have in common.
func TestSetFindsFewCandidates(t *testing.T) {
	t.Parallel()
	var set Set[int]
	for i := range 1000 {
		set.Add(i, []*Pattern{compiled(t, `{"status":["paid"],"order":{"customer":["c`+strconv.Itoa(i)+`"]},"total":[{"numeric":[">",5]}]}`)})
	}
	got := set.Candidates(NewData([]byte(`{"status":"paid","total":1,"order":{"customer":"c500"}}`)), nil)
	if len(got) > 3 || !slices.Contains(got, 500) {
		t.Errorf("%d candidates: %v", len(got), got)
	}
	many := set.Candidates(NewData([]byte(`{"order":[{"customer":["c5","c6","c5"]},{"customer":"c6"}]}`)), nil)
	slices.Sort(many)
	if diff := cmp.Diff([]int{5, 6}, many); diff != "" {
		t.Error(diff)
	}
	if got := set.Candidates(nil, nil); len(got) != 0 {
		t.Errorf("no data, and %v", got)
	}
	for i := range 1000 {
		set.Remove(i)
		set.Remove(i) // of what is not there
	}
	if set.Len() != 0 || len(set.paths) != 0 {
		t.Errorf("%d items and %d paths are left", set.Len(), len(set.paths))
	}
}

// An item under several values that an event has is found once.
func TestSetFindsOnce(t *testing.T) {
	t.Parallel()
	var set Set[int]
	set.Add(1, []*Pattern{OneOf("a", []string{"x", "y", "x"})})
	set.Add(2, []*Pattern{compiled(t, `{"a":["y",5,5.0,{"numeric":["=",5]}]}`)})
	got := set.Candidates(NewData([]byte(`{"a":["x","y",["y"],5]}`)), nil)
	slices.Sort(got)
	if diff := cmp.Diff([]int{1, 2}, got); diff != "" {
		t.Error(diff)
	}
}
