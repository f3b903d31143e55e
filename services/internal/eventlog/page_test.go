package eventlog

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/posthaste/posthaste/pkg/eventid"
	"github.com/posthaste/posthaste/services/internal/bus"
)

// mixed are two tenants with types of several kinds, and gaps between them.
func mixed(i int) (tenant, eventType string) {
	types := []string{"task.done", "task.step.begun", "tasks", "thread.message", "a.b.c"}
	switch {
	case i%3 == 0:
		return "other", types[i%len(types)]
	case i >= 200 && i < 400:
		return "t", "noise"
	}
	return "t", types[i%len(types)]
}

// Whatever the page's size, the pages together are what matches, each once and
// in order.
func TestPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const events = 600
	h.fill(t, events, 10, mixed)
	many := make([]string, 0, 40)
	for i := range 40 {
		many = append(many, fmt.Sprintf("unknown%d", i))
	}
	for name, test := range map[string]struct {
		types   []string
		matches func(eventType string) bool
	}{
		"all":      {nil, func(string) bool { return true }},
		"star":     {[]string{"*", "tasks"}, func(string) bool { return true }},
		"exact":    {[]string{"tasks"}, func(e string) bool { return e == "tasks" }},
		"prefix":   {[]string{"task.*"}, func(e string) bool { return strings.HasPrefix(e, "task.") }},
		"overlap":  {[]string{"task.*", "task.done", "task.*", "task.step.*"}, func(e string) bool { return strings.HasPrefix(e, "task.") }},
		"several":  {[]string{"task.*", "thread.message", "a.b.*"}, func(e string) bool { return e != "tasks" && e != "noise" }},
		"none":     {[]string{"unknown"}, func(string) bool { return false }},
		"too many": {append(many, "tasks", "task.*"), func(e string) bool { return e == "tasks" || strings.HasPrefix(e, "task.") }},
	} {
		var want []uint64
		for i := range events {
			if tenant, eventType := mixed(i); tenant == "t" && test.matches(eventType) {
				want = append(want, uint64(i+1))
			}
		}
		for _, limit := range []int{1, 3, 4, 5, 100, MaxPage, 10 * MaxPage} {
			if limit < 5 && len(want) > 100 {
				continue // slow, and no different
			}
			if got := h.all(t, Range{Tenant: "t", Types: test.types}, limit); !slices.Equal(got, want) {
				t.Errorf("%s by %d: %d events, want %d", name, limit, len(got), len(want))
			}
		}
	}
	if got := h.consumers(t); !slices.Equal(got, []string{bus.ConsumerRouter}) {
		t.Errorf("consumers are left: %v", got)
	}
}

func TestPageBounds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(t, 30, 10, func(int) (string, string) { return "t", "e" })
	for name, test := range map[string]struct {
		r     Range
		limit int
		want  int
		next  uint64
		more  bool
	}{
		"a limit that fits":       {Range{}, 30, 30, 30, false},
		"a limit below few":       {Range{}, 2, 2, 2, true},
		"the limit is few":        {Range{After: 26}, 4, 4, 30, false},
		"more than few":           {Range{}, 10, 10, 10, true},
		"through":                 {Range{Through: 7}, 30, 7, 7, false},
		"through few":             {Range{Through: 2}, 30, 2, 2, false},
		"through, cut":            {Range{Through: 20}, 10, 10, 10, true},
		"after and through":       {Range{After: 5, Through: 6}, 1, 1, 6, false},
		"through before after":    {Range{After: 9, Through: 6}, 5, 0, 9, false},
		"through beyond the last": {Range{After: 20, Through: 90}, 50, 10, 30, false},
		"at the end":              {Range{After: 30}, 5, 0, 30, false},
	} {
		test.r.Tenant = "t"
		entries, next, more, err := h.log.Page(t.Context(), test.r, test.limit)
		if err != nil || len(entries) != test.want || next != test.next || more != test.more {
			t.Errorf("%s: %d entries, next %d, more %t, %v; want %d, %d, %t", name, len(entries), next, more, err, test.want, test.next, test.more)
		}
	}
}

// A tenant to whom nothing happens keeps a cursor that is good.
func TestCursorOfAQuietTenant(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if entries, next, more, err := h.log.Page(t.Context(), Range{Tenant: "quiet"}, 10); err != nil || len(entries) > 0 || next != 0 || more {
		t.Errorf("empty stream: %d entries, next %d, more %t, %v", len(entries), next, more, err)
	}
	h.publish(t, "quiet", "e", "{}")
	h.fill(t, 50, 10, func(int) (string, string) { return "loud", "e" })
	_, next, _, err := h.log.Page(t.Context(), Range{Tenant: "quiet", After: 1}, 10)
	if err != nil || next != 51 {
		t.Fatalf("next %d, %v; want the last of the stream", next, err)
	}
	h.drop(t, 52) // all
	if _, next, _, err = h.log.Page(t.Context(), Range{Tenant: "quiet", After: next}, 10); err != nil || next != 51 {
		t.Errorf("next %d, %v", next, err)
	}
}

func TestCursorExpires(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(t, 20, 10, func(int) (string, string) { return "t", "e" })
	h.drop(t, 11) // 11 is the first that is kept
	for after, want := range map[uint64]int{0: 10, 10: 10, 11: 9, 20: 0} {
		if got := h.all(t, Range{Tenant: "t", After: after}, 100); len(got) != want {
			t.Errorf("after %d: %d events, want %d", after, len(got), want)
		}
	}
	for _, after := range []uint64{1, 9, 21, 1 << 60} {
		_, _, _, err := h.log.Page(t.Context(), Range{Tenant: "t", After: after}, 100)
		if !errors.Is(err, ErrExpired) || !strings.Contains(err.Error(), strconv.FormatUint(after, 10)) {
			t.Errorf("after %d: %v, want ErrExpired that names it", after, err)
		}
	}
}

func TestUnreadableEventsArePassedOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var want []uint64
	for i := range 20 {
		if i%2 == 0 {
			want = append(want, h.publish(t, "t", "e", `{"data":1}`))
			continue
		}
		h.publish(t, "t", "e", `{"type":"another"}`)
	}
	if got := h.all(t, Range{Tenant: "t"}, 3); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	_, next, more, err := h.log.Page(t.Context(), Range{Tenant: "t", After: 19}, 5)
	if err != nil || next != 20 || more {
		t.Errorf("next %d, more %t, %v; want the cursor past what cannot be read", next, more, err)
	}
}

// Large events make pages short, and are all there.
func TestPagesAreBoundedInBytes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const size, events = 200 << 10, 100
	h.fill(t, events, size, func(int) (string, string) { return "t", "e" })
	entries, _, more, err := h.log.Page(t.Context(), Range{Tenant: "t"}, events)
	if err != nil || !more || len(entries) < 10 || len(entries) > 2*fetchBytes/size {
		t.Errorf("%d entries, more %t, %v", len(entries), more, err)
	}
	if got := h.all(t, Range{Tenant: "t"}, events); len(got) != events {
		t.Errorf("%d events, want %d", len(got), events)
	}
}

func TestEntry(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	trace := "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	h.send(t, &nats.Msg{Subject: "events.t.task.done", Data: []byte(`{"id":"e1","data":1}`), Header: nats.Header{"traceparent": {trace}, "tracestate": {"a=b"}, "other": {"x"}}})
	h.publish(t, "t", "task.done", `{"id":"e2","data":2}`)
	entries, _, _, err := h.log.Page(t.Context(), Range{Tenant: "t"}, 5)
	if err != nil || len(entries) != 2 {
		t.Fatalf("%v, %v", entries, err)
	}
	one := entries[0]
	if one.Sequence != 1 || one.Event.GetId() != "e1" || one.Event.GetTenant() != "t" || one.Event.GetType() != "task.done" || one.Stored.IsZero() {
		t.Errorf("%+v", one)
	}
	if one.TraceParent != trace || len(one.Header) != 2 || one.Header["tracestate"][0] != "a=b" {
		t.Errorf("trace %q, header %v", one.TraceParent, one.Header)
	}
	if two := entries[1]; two.TraceParent != "" || two.Header != nil {
		t.Errorf("%+v", two)
	}
}

func TestBadRange(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for want, r := range map[string]Range{
		"tenant": {Tenant: "*"},
		"TENANT": {},
		"types":  {Tenant: "t", Types: []string{"task.>"}},
		"TYPES":  {Tenant: "t", Types: []string{"*.done"}},
	} {
		_, _, _, err := h.log.Page(t.Context(), r, 5)
		if err == nil || !strings.Contains(err.Error(), strings.ToLower(want)) {
			t.Errorf("%+v: %v, want one that names %s", r, err, strings.ToLower(want))
		}
		if again := h.log.Follow(t.Context(), r, nil); again == nil || again.Error() != err.Error() {
			t.Errorf("follow %+v: %v", r, again)
		}
	}
	if _, _, _, err := h.log.Page(t.Context(), Range{Tenant: "a.b"}, 5); !errors.Is(err, eventid.ErrName) {
		t.Errorf("%v", err)
	}
	if _, _, _, err := h.log.Page(t.Context(), Range{Tenant: "t"}, 0); err == nil || !strings.HasPrefix(err.Error(), "limit: ") {
		t.Errorf("%v", err)
	}
}

// What peek concludes from "there is none" holds for the stream's leader only.
// With direct gets any replica would answer.
func TestTheLeaderAnswers(t *testing.T) {
	t.Parallel()
	if newHouse(t).events(t).CachedInfo().Config.AllowDirect {
		t.Error("EVENTS allows direct gets: cursors may then pass over events that a replica has not got yet")
	}
}
