package history

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

func owned(tenant string) func(*posthastev1.Attempt) {
	return func(a *posthastev1.Attempt) { a.Tenant = tenant }
}

func TestTop(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg Config) {
		t.Helper()
		s := open(t, cfg)
		apply(t, s,
			post("a", 1, 500, of("s1", "x"), failed), post("b", 1, 500, of("s1", "y"), failed), // of two types: one row
			post("c", 1, 200, of("s1", "x")), post("d", 1, 500, of("s1", "x"), failed, test), // but no test
			post("e", 1, 500, of("s2", "x"), failed), post("f", 1, 500, of("s2", "x")), post("g", 1, 500, of("s2", "x")),
			post("h", 1, 200, of("s3", "x")), post("i", 1, 500, of("s4", "x"), failed, test),
			post("j", 1, 500, of("o1", "x"), failed, owned("other")),
			ending("k", 1, posthastev1.Outcome_OUTCOME_CANCELLED, of("o1", "x"), owned("other")),
			post("l", 1, 500, of("o2", "x"), owned("other")), post("m", 1, 500, of("o2", "y"), owned("other")), post("n", 1, 500, of("o2", "y"), owned("other")))
		apply(t, s, post("l", 2, 200, of("o2", "x"), owned("other"))) // what was waiting is delivered
		s1, s2, s3 := Counts{"t", "s1", 0, 1, 2, 0}, Counts{"t", "s2", 2, 0, 1, 0}, Counts{"t", "s3", 0, 1, 0, 0}
		o1, o2 := Counts{"other", "o1", 0, 0, 1, 1}, Counts{"other", "o2", 2, 1, 0, 0}
		for _, c := range []struct {
			q    TopQuery
			want []Counts
		}{
			{TopQuery{}, []Counts{s1, o1, s2}},
			{TopQuery{Tenant: "t"}, []Counts{s1, s2}},
			{TopQuery{Tenant: "other"}, []Counts{o1}},
			{TopQuery{Tenant: "' OR 1=1 --"}, []Counts{}},
			{TopQuery{Status: StatusWaiting}, []Counts{o2, s2}},
			{TopQuery{Status: StatusDelivered}, []Counts{o2, s1, s3}},
			{TopQuery{Status: StatusCancelled}, []Counts{o1}},
			{TopQuery{Status: StatusCancelled, Tenant: "t"}, []Counts{}},
			{TopQuery{Limit: 2}, []Counts{s1, o1}},
			{TopQuery{Limit: MaxTop, Tenant: "t", Status: StatusFailed}, []Counts{s1, s2}},
		} {
			got, err := s.Top(t.Context(), c.q)
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("%+v: %v\n%s", c.q, err, diff)
			}
		}
	})
}

// What is forgotten is not counted any more.
func TestTopForgets(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg Config) {
		t.Helper()
		s := open(t, cfg)
		apply(t, s, post("a", 1, 500, failed), post("b", 1, 500, of("s2", "x"), failed, made(time.Now())))
		s.cfg.MaxAge = time.Hour
		if _, err := s.Prune(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
		got, err := s.Top(t.Context(), TopQuery{})
		if diff := cmp.Diff([]Counts{{"t", "s2", 0, 0, 1, 0}}, got); diff != "" || err != nil {
			t.Error(err, diff)
		}
	})
}

func TestTopRefusesQueries(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg Config) {
		t.Helper()
		s := open(t, cfg)
		for says, q := range map[string]TopQuery{
			"limit must be 1 to 100, is 101":                                    {Limit: 101},
			"limit must be 1 to 100, is -1":                                     {Limit: -1},
			`status must be waiting, delivered, failed or cancelled, is "lost"`: {Status: "lost"},
		} {
			if _, err := s.Top(t.Context(), q); !errors.Is(err, ErrQuery) || !strings.Contains(err.Error(), says) {
				t.Errorf("%+v: %v, want %s", q, err, says)
			}
		}
	})
}
