package subscription

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/filter"
)

func TestCheckPattern(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{
		"*": "", "task": "", "task.*": "", "task.created": "", "a.b.c.*": "", "A_z-9:/.x": "",
		"": "empty", ".": "empty token", "a..b": "empty token", ".a": "empty token", "a.": "empty token", ".*": "empty",
		"**": "star stands alone", "*.a": "star stands alone", "a.*.b": "star stands alone", "a*": "star stands alone", "a.*.*": "star stands alone",
		"a b": "character", "a>": "character", "é": "character",
		strings.Repeat("a", 128): "", strings.Repeat("a", 129): "at most 128", strings.Repeat("a", 128) + ".*": "",
	} {
		err := CheckPattern(pattern)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want …%s…", pattern, err, want)
		}
	}
}

func TestDisjoint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ patterns, want []string }{
		{[]string{"a", "b"}, []string{"a", "b"}},
		{[]string{"a", "a"}, []string{"a"}},
		{[]string{"a.b", "a.*"}, []string{"a.*"}},
		{[]string{"a.*", "a.*"}, []string{"a.*"}},
		{[]string{"a", "a.*"}, []string{"a", "a.*"}},
		{[]string{"a.b.*", "a.*", "c"}, []string{"a.*", "c"}},
		{[]string{"ab.c", "a.*"}, []string{"ab.c", "a.*"}},
		{[]string{"a", "*", "b.*"}, []string{"*"}},
	} {
		if diff := cmp.Diff(c.want, disjoint(c.patterns)); diff != "" {
			t.Errorf("%v: %s", c.patterns, diff)
		}
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	early, late := NewID(time.UnixMilli(1)), NewID(time.UnixMilli(2))
	if !regexp.MustCompile(`^evsub_[A-Za-z0-9]+$`).MatchString(early) || !CheckID(early) || early >= late {
		t.Errorf("%s, %s", early, late)
	}
	for _, id := range []string{"", "evsub_", "evsub", "x", "evsub_*", "evsub_>", "evsub_a.b", "evsub_a b", "evsub_é", "sub_01", "evsub_" + strings.Repeat("a", 65)} {
		if CheckID(id) {
			t.Errorf("%q passed", id)
		}
	}
}

// A filter that another version wrote is kept and told, not guessed at.
func TestFilterErr(t *testing.T) {
	t.Parallel()
	value, err := proto.Marshal(&posthastev1.Subscription{Filters: &posthastev1.Filters{TaskIds: []string{"x"}, Pattern: []byte(`{"a":[{"newer":1}]}`)}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := decode(value, 1)
	if err != nil {
		t.Fatal(err)
	}
	var fault *filter.Error
	if !errors.As(s.FilterErr(), &fault) || fault.Path != "filters.pattern.a[0].newer" {
		t.Errorf("the filter's error is %v", s.FilterErr())
	}
	for _, fine := range []*posthastev1.Filters{nil, {}, {TaskIds: []string{"x"}}, {Pattern: []byte(`{"a":[1]}`)}} {
		if err := newSubscription(&posthastev1.Subscription{Filters: fine}, 1).FilterErr(); err != nil {
			t.Errorf("%v: %v", fine, err)
		}
	}
}

func TestWants(t *testing.T) {
	t.Parallel()
	s := newSubscription(&posthastev1.Subscription{
		EventTypes: []string{"a.*", "b"}, Filters: &posthastev1.Filters{TaskIds: []string{"t1"}, Pattern: []byte(`{"n":[1]}`)},
	}, 1)
	for _, c := range []struct {
		eventType, data string
		want            bool
	}{
		{"a.x", `{"taskId":"t1","n":1}`, true},
		{"a.x.y", `{"taskId":"t1","n":1.0}`, true},
		{"b", `{"taskId":"t1","n":1}`, true},
		{"a", `{"taskId":"t1","n":1}`, false},
		{"b.x", `{"taskId":"t1","n":1}`, false},
		{"ab.x", `{"taskId":"t1","n":1}`, false},
		{"a.x", `{"taskId":"t2","n":1}`, false},
		{"a.x", `{"taskId":"t1","n":2}`, false},
		{"a.x", `7`, false},
	} {
		if got := s.Wants(&posthastev1.Event{Type: c.eventType, Data: []byte(c.data)}); got != c.want {
			t.Errorf("%s %s: %t", c.eventType, c.data, got)
		}
	}
	all := newSubscription(&posthastev1.Subscription{EventTypes: []string{"*"}}, 1)
	if !all.Wants(&posthastev1.Event{Type: "x.y", Data: []byte("null")}) {
		t.Error("* is not every type")
	}
	broken := newSubscription(&posthastev1.Subscription{EventTypes: []string{"*"}, Filters: &posthastev1.Filters{Pattern: []byte("x")}}, 1)
	if broken.Wants(&posthastev1.Event{Type: "x"}) {
		t.Error("a filter that cannot be read lets events through")
	}
}
