package subscription

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/filter"
)

// filtered is an active subscription of tenant "a" with a pattern, "" for
// none, and perhaps task ids.
func filtered(id string, revision uint64, pattern, eventType string, taskIDs ...string) *Subscription {
	return newSubscription(&posthastev1.Subscription{
		Id: id, Tenant: "a", EventTypes: []string{eventType}, Status: active,
		Filters: &posthastev1.Filters{Pattern: []byte(pattern), TaskIds: taskIDs},
	}, revision)
}

func ids(subs []*Subscription) []string {
	all := make([]string, len(subs))
	for i, s := range subs {
		all[i] = s.GetId()
	}
	slices.Sort(all)
	return all
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		patterns  []string
		eventType string
		want      bool
	}{
		"exact":                     {[]string{"task.created"}, "task.created", true},
		"another":                   {[]string{"task.created"}, "task.removed", false},
		"exact is no prefix":        {[]string{"task"}, "task.created", false},
		"case counts":               {[]string{"Task.created"}, "task.created", false},
		"prefix":                    {[]string{"task.*"}, "task.created", true},
		"prefix, several parts":     {[]string{"task.*"}, "task.created.late", true},
		"long prefix":               {[]string{"task.created.*"}, "task.created.late", true},
		"prefix is not the stem":    {[]string{"task.*"}, "task", false},
		"prefix ends at a dot":      {[]string{"task.*"}, "tasks.created", false},
		"any":                       {[]string{"*"}, "task", true},
		"any, several parts":        {[]string{"*"}, "a.b.c.d", true},
		"exact and prefix":          {[]string{"task.created", "task.*"}, "task.created", true},
		"prefix in prefix":          {[]string{"task.*", "task.created.*"}, "task.created.late", true},
		"everything and any":        {[]string{"task.created", "task.*", "*"}, "task.created", true},
		"the same twice":            {[]string{"a", "a"}, "a", true},
		"the same prefix twice":     {[]string{"a.*", "a.*"}, "a.b", true},
		"several, the last matches": {[]string{"x", "y.*", "z"}, "z", true},
	} {
		x := NewIndex()
		x.put(sub("s", 1, c.patterns...))
		want := []string{}
		if c.want {
			want = []string{"s"} // once, however many patterns match
		}
		if diff := cmp.Diff(want, matched(x, "a", c.eventType)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if got := matched(x, "b", c.eventType); len(got) != 0 {
			t.Errorf("%s: another tenant gets %v", name, got)
		}
	}
}

func TestMatchAppends(t *testing.T) {
	t.Parallel()
	x := NewIndex()
	x.put(sub("s", 1, "*"))
	kept := sub("kept", 1)
	if got := x.Match("a", "t", nil, []*Subscription{kept}); len(got) != 2 || got[0] != kept {
		t.Errorf("%v", ids(got))
	}
}

func TestPutAndRemoveByRevision(t *testing.T) {
	t.Parallel()
	x := NewIndex()
	x.put(sub("s", 5, "a"))
	x.put(sub("s", 4, "b"))
	x.put(sub("s", 5, "b"))
	if len(matched(x, "a", "a")) != 1 || len(matched(x, "a", "b")) != 0 {
		t.Error("an older revision replaced a newer one")
	}
	x.remove("s", 4)
	x.remove("unknown", 9)
	if _, ok := x.Get("s"); !ok {
		t.Error("removed by an older revision")
	}
	x.put(sub("s", 6, "b"))
	if len(matched(x, "a", "a")) != 0 || len(matched(x, "a", "b")) != 1 {
		t.Error("a newer revision did not replace an older one")
	}
	x.remove("s", 7)
	if x.Len() != 0 || x.Count("a") != 0 || len(x.tenants) != 0 || len(matched(x, "a", "b")) != 0 {
		t.Errorf("something is left: %+v", x.tenants)
	}
}

func TestDisabledAreKnownAndNotMatched(t *testing.T) {
	t.Parallel()
	x := NewIndex()
	x.put(sub("s2", 1, "a"))
	x.put(sub("s1", 2, "a"))
	x.put(newSubscription(&posthastev1.Subscription{Id: "s1", Tenant: "a", EventTypes: []string{"a"}, Status: disabled}, 3))
	if diff := cmp.Diff([]string{"s2"}, matched(x, "a", "a")); diff != "" {
		t.Error(diff)
	}
	if got := x.List("a"); len(got) != 2 || got[0].GetId() != "s1" || x.Count("a") != 2 || x.Len() != 2 {
		t.Errorf("list %v, count %d", ids(got), x.Count("a"))
	}
	if got := x.List("b"); len(got) != 0 || x.Count("b") != 0 {
		t.Errorf("another tenant has %v", ids(got))
	}
}

func TestRetain(t *testing.T) {
	t.Parallel()
	x := NewIndex()
	for i, id := range []string{"s1", "s2", "s3"} {
		x.put(sub(id, uint64(i+1), "a"))
	}
	x.retain(map[string]struct{}{"s2": {}, "unknown": {}})
	if diff := cmp.Diff([]string{"s2"}, matched(x, "a", "a")); diff != "" || x.Len() != 1 || x.Count("a") != 1 {
		t.Errorf("%s; %d are left", diff, x.Len())
	}
}

func TestMatchFilters(t *testing.T) {
	t.Parallel()
	x := NewIndex()
	for i, s := range []*Subscription{
		filtered("all", 1, "", "*"),
		filtered("task", 1, "", "*", "t1", "t2"),
		filtered("customer", 1, `{"order":{"customer":["c77"]}}`, "order.*"),
		filtered("large", 1, `{"amount":[{"numeric":[">",100]}]}`, "order.paid"),
		filtered("both", 1, `{"amount":[{"numeric":["<",100]}]}`, "order.paid", "t1"),
		filtered("broken", 1, `{"amount":[{"newer":1}]}`, "*"),
	} {
		s.Revision = uint64(i + 1)
		x.put(s)
	}
	for _, c := range []struct{ eventType, data, want string }{
		{"order.paid", `{"taskId":"t1","amount":50}`, "all both task"},
		{"order.paid", `{"taskId":"t1","amount":150}`, "all large task"},
		{"order.paid", `{"taskId":["t2","t1","t1"],"amount":[50,150]}`, "all both large task"},
		{"order.late", `{"taskId":"t1","amount":50,"order":{"customer":"c77"}}`, "all customer task"},
		{"order", `{"order":{"customer":"c77"}}`, "all"},
		{"order.paid", `{"taskId":1}`, "all"},
		{"order.paid", `"t1"`, "all"},
		{"order.paid", ``, "all"},
	} {
		got := strings.Join(ids(x.Match("a", c.eventType, filter.NewData([]byte(c.data)), nil)), " ")
		if got != c.want {
			t.Errorf("%s %s: %s, want %s", c.eventType, c.data, got, c.want)
		}
	}
	if x.Len() != 6 || x.Count("a") != 6 || len(x.List("a")) != 6 {
		t.Error("one whose filter cannot be read is not listed")
	}
	x.retain(map[string]struct{}{"all": {}, "broken": {}})
	if own := x.tenants["a"]; own.filtered != 0 || own.all.Len() != 1 || len(own.exact)+len(own.prefix) != 0 {
		t.Errorf("something is left: %+v", own)
	}
	x.remove("broken", 99)
	x.remove("all", 99)
	if len(x.tenants) != 0 {
		t.Errorf("something is left: %+v", x.tenants)
	}
}

// What matches for sure stands before what was asked, and what was there
// before stays.
func TestMatchKeepsWhatWasThere(t *testing.T) {
	t.Parallel()
	x := NewIndex()
	x.put(filtered("no", 1, "", "t", "t9"))
	x.put(filtered("yes", 2, `{"a":[{"exists":false}]}`, "t"))
	x.put(sub("plain", 3, "*"))
	kept := filtered("kept", 4, "", "t", "t9") // not this event's
	if diff := cmp.Diff([]string{"kept", "plain", "yes"}, ids(x.Match("a", "t", nil, []*Subscription{kept}))); diff != "" {
		t.Error(diff)
	}
}

// naive is what a pattern means, without any index.
func naive(pattern, eventType string) bool {
	stem, prefix := strings.CutSuffix(pattern, "*")
	return pattern == eventType || prefix && strings.HasPrefix(eventType, stem)
}

// drawFilters draws from so few values that much matches by chance.
func drawFilters(t *rapid.T) *posthastev1.Filters {
	patterns := []string{
		"", "", `{"a":["x"]}`, `{"a":["x","y"],"b":[1]}`, `{"b":[1.0,2]}`, `{"b":[{"numeric":["<",2]}]}`, `{"a":[{"exists":false}]}`,
		`{"c":{"a":["x"]}}`, `{"$or":[{"a":["y"]},{"b":[2]}]}`, `{"taskId":["t1"],"a":["x"]}`, `{"a":[{"unknown":1}]}`,
	}
	return &posthastev1.Filters{
		Pattern: []byte(rapid.SampledFrom(patterns).Draw(t, "filter")),
		TaskIds: rapid.SampledFrom([][]string{nil, nil, {"t1"}, {"t1", "t2"}}).Draw(t, "tasks"),
	}
}

func drawData(t *rapid.T) []byte {
	return []byte(rapid.SampledFrom([]string{
		`{}`, `null`, `{"a":"x"}`, `{"a":["x","y"],"b":1}`, `{"b":[1,2e0],"taskId":"t1"}`, `{"c":[{"a":"y"},{"a":"x"}],"taskId":["t2","t1"]}`, `{"a":"x","taskId":"t1"}`,
	}).Draw(t, "data"))
}

// The index agrees with the naive matcher whatever was put, replaced, disabled
// and removed before, and whatever is filtered.
func TestMatchAgreesWithNaive(t *testing.T) {
	t.Parallel()
	part := rapid.SampledFrom([]string{"a", "b", "c"})
	eventType := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(part, 1, 4).Draw(t, "parts"), ".")
	})
	pattern := rapid.OneOf(eventType, rapid.Map(eventType, func(s string) string { return s + ".*" }), rapid.Just("*"))
	rapid.Check(t, func(t *rapid.T) {
		x, model := NewIndex(), map[string]*Subscription{}
		for revision := range rapid.IntRange(1, 40).Draw(t, "steps") {
			id := rapid.SampledFrom([]string{"s1", "s2", "s3", "s4"}).Draw(t, "id")
			s := sub(id, uint64(revision+1), rapid.SliceOfN(pattern, 1, 5).Draw(t, "patterns")...)
			s.Status = rapid.SampledFrom([]posthastev1.SubscriptionStatus{active, active, disabled}).Draw(t, "status")
			s.Filters = drawFilters(t)
			s = newSubscription(s.Subscription, s.Revision)
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				x.remove(id, s.Revision)
				delete(model, id)
			default:
				x.put(s)
				model[id] = s
			}
		}
		typ, data := eventType.Draw(t, "type"), drawData(t)
		want := []string{}
		for id, s := range model {
			if s.Active() && s.FilterErr() == nil && s.wants(filter.NewData(data)) && slices.ContainsFunc(s.GetEventTypes(), func(p string) bool { return naive(p, typ) }) {
				want = append(want, id)
			}
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, ids(x.Match("a", typ, filter.NewData(data), nil))); diff != "" {
			t.Fatalf("%s: %s", typ, diff)
		}
		if x.Len() != len(model) || x.Count("a") != len(model) {
			t.Fatalf("%d and %d known, want %d", x.Len(), x.Count("a"), len(model))
		}
	})
}
