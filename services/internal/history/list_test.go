package history

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// made sets when the delivery was made.
func made(at time.Time) func(*posthastev1.Attempt) {
	return func(a *posthastev1.Attempt) { a.CreatedAt = timestamppb.New(at) }
}

func of(subscription, eventType string) func(*posthastev1.Attempt) {
	return func(a *posthastev1.Attempt) { a.SubscriptionId, a.EventType = subscription, eventType }
}

func test(a *posthastev1.Attempt) { a.Test = true }

func TestFilters(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg Config) {
		t.Helper()
		s := open(t, cfg)
		apply(t, s,
			post("a", 1, 200, made(after(1)), of("s1", "x")),
			post("b", 1, 500, made(after(2)), of("s1", "y"), failed),
			post("c", 1, 500, made(after(3)), of("s2", "x")),
			ending("d", 1, posthastev1.Outcome_OUTCOME_CANCELLED, made(after(3)), of("s2", "y")),
			post("e", 1, 200, made(after(4)), of("s1", "x"), test),
			post("f", 1, 200, made(after(5)), func(a *posthastev1.Attempt) { a.Tenant = "other" }))
		for _, c := range []struct {
			q    Query
			want string
		}{
			{Query{}, "d c b a"}, // the same time: by id
			{Query{Tests: true}, "e d c b a"},
			{Query{SubscriptionID: "s1"}, "b a"},
			{Query{SubscriptionID: "s1", Tests: true}, "e b a"},
			{Query{Status: StatusFailed}, "b"},
			{Query{Status: StatusWaiting}, "c"},
			{Query{Status: StatusCancelled, SubscriptionID: "s2"}, "d"},
			{Query{Status: StatusDelivered, SubscriptionID: "s2"}, ""},
			{Query{EventType: "x"}, "c a"},
			{Query{EventType: "x", SubscriptionID: "s1", Status: StatusDelivered}, "a"},
			{Query{EventID: "evt_b"}, "b"},
			{Query{EventID: "evt_b", Status: StatusDelivered}, ""},
			{Query{Since: after(2)}, "d c b"},
			{Query{Until: after(3)}, "b a"},
			{Query{Since: after(2), Until: after(3), Status: StatusFailed}, "b"},
			{Query{Tenant: "other"}, "f"},
			{Query{Tenant: "none"}, ""},
		} {
			page := list(t, s, c.q)
			if got := ids(page); got != c.want || page.Total != int64(len(strings.Fields(c.want))) || page.NextCursor != "" {
				t.Errorf("%+v: %q of %d, cursor %q; want %q", c.q, got, page.Total, page.NextCursor, c.want)
			}
		}
	})
}

func TestPages(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg Config) {
		t.Helper()
		s := open(t, cfg)
		var records []*posthastev1.Attempt
		var want []string
		for i := range 25 {
			status := []int32{200, 500}[i%2]
			records = append(records, post(fmt.Sprintf("d%02d", i), 1, status, made(after(i/3)))) // some at the same time
			want = append([]string{fmt.Sprintf("d%02d", i)}, want...)
		}
		apply(t, s, records...)
		for page := range 4 {
			got := list(t, s, Query{Page: page + 1, PageSize: 10})
			part := want[min(10*page, 25):min(10*page+10, 25)]
			if ids(got) != strings.Join(part, " ") || got.Total != 25 || (got.NextCursor == "") != (page >= 2) {
				t.Errorf("page %d: %s of %d, cursor %q", page+1, ids(got), got.Total, got.NextCursor)
			}
		}
		if got := list(t, s, Query{}); len(got.Deliveries) != DefaultPageSize {
			t.Errorf("a page has %d, want %d", len(got.Deliveries), DefaultPageSize)
		}
		follow(t, s, strings.Join(want, " "))
	})
}

// follow reads by cursors, while deliveries change and new ones come.
func follow(t *testing.T, s *Store, want string) {
	t.Helper()
	var got []string
	q := Query{PageSize: 4}
	for n := 0; n == 0 || q.Cursor != ""; n++ {
		page := list(t, s, q)
		got = append(got, ids(page))
		q.Cursor = page.NextCursor
		apply(t, s, post(fmt.Sprintf("new%d", n), 1, 200, made(after(100))), post("d01", 2+n, 500), post("d03", 2, 200))
	}
	if got := strings.Join(got, " "); got != want {
		t.Errorf("followed %s, want %s", got, want)
	}
}

func TestRefusesQueries(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg Config) {
		t.Helper()
		s := open(t, cfg)
		for _, c := range []struct {
			q    Query
			want error
			says string
		}{
			{Query{}, ErrQuery, "no tenant"},
			{Query{Tenant: "t", PageSize: 1001}, ErrQuery, "page size must be 1 to 1000, is 1001"},
			{Query{Tenant: "t", PageSize: -1}, ErrQuery, "page size must be"},
			{Query{Tenant: "t", Page: -1}, ErrQuery, "page must be 1 to"},
			{Query{Tenant: "t", Page: 100_001}, ErrQuery, "follow the cursors"},
			{Query{Tenant: "t", Status: "lost"}, ErrQuery, `is "lost"`},
			{Query{Tenant: "t", Cursor: "!"}, ErrCursor, ""},
			{Query{Tenant: "t", Cursor: "YWJj"}, ErrCursor, ""},                                // no time
			{Query{Tenant: "t", Cursor: cursor{epoch, ""}.String()}, ErrCursor, ""},            // no id
			{Query{Tenant: "t", Cursor: cursor{epoch, "a\x00"}.String()}, ErrCursor, ""},       // no text
			{Query{Tenant: "t", Cursor: cursor{epoch, "a\xff"}.String()}, ErrCursor, ""},       // no UTF-8
			{Query{Tenant: "t", Cursor: strings.Repeat("YWJj", maxName)}, ErrCursor, ""},       // too long
			{Query{Tenant: "t", Cursor: cursor{epoch, "a"}.String() + "A===="}, ErrCursor, ""}, // trailing
			{Query{Tenant: "t", Cursor: cursor{epoch, "a"}.String() + "\n", Page: 1}, ErrCursor, ""},
		} {
			if _, err := s.List(t.Context(), c.q); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%+v: %v, want %v that says %q", c.q, err, c.want, c.says)
			}
		}
	})
}

func TestCursorRoundTrip(t *testing.T) {
	t.Parallel()
	for _, want := range []cursor{{epoch, "dlv_1"}, {epoch.Add(time.Microsecond), strings.Repeat("é", maxName/2)}, {time.UnixMicro(-5).UTC(), "a:b"}} {
		if got, err := parseCursor(want.String()); err != nil || got != want {
			t.Errorf("%v, %v; want %v", got, err, want)
		}
	}
}

func TestGetAndOutcomes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg Config) {
		t.Helper()
		s := open(t, cfg)
		apply(t, s, post("a", 1, 200), post("b", 1, 500, failed), post("c", 1, 200, func(a *posthastev1.Attempt) { a.Tenant = "other" }))
		for _, id := range []string{"c", "d", "' OR 1=1 --"} {
			if _, _, err := s.Get(t.Context(), "t", id); !errors.Is(err, ErrNotFound) {
				t.Errorf("get %q: %v, want ErrNotFound", id, err)
			}
		}
		asked := []string{"a", "b", "c", "d"}
		for i := range 200 { // more than one statement has
			asked = append(asked, fmt.Sprint("none", i))
		}
		got, err := s.Outcomes(t.Context(), "t", asked)
		if err != nil || len(got) != 2 || got["a"] != StatusDelivered || got["b"] != StatusFailed {
			t.Errorf("%v, %v", got, err)
		}
	})
}
