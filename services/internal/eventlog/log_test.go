package eventlog

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/event"
)

func TestGet(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, "t", "e", `{"id":"one","data":1}`)
	h.publish(t, "t", "e", `{"id":"two","data":1}`)
	h.publish(t, "t", "e", `{"type":"another"}`)
	h.drop(t, 2)
	if got, err := h.log.Get(t.Context(), 2); err != nil || got.Event.GetId() != "two" || got.Sequence != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, sequence := range []uint64{0, 1, 4} {
		if _, err := h.log.Get(t.Context(), sequence); !errors.Is(err, ErrGone) {
			t.Errorf("%d: %v, want ErrGone", sequence, err)
		}
	}
	var field *event.FieldError
	if _, err := h.log.Get(t.Context(), 3); !errors.As(err, &field) {
		t.Errorf("unreadable: %v", err)
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	check := func(what string, wantFirst, wantLast uint64) {
		t.Helper()
		if first, last, err := h.log.Bounds(t.Context()); err != nil || first != wantFirst || last != wantLast {
			t.Errorf("%s: %d to %d, %v; want %d to %d", what, first, last, err, wantFirst, wantLast)
		}
	}
	check("empty", 1, 0)
	h.fill(t, 5, 10, func(int) (string, string) { return "t", "e" })
	check("five", 1, 5)
	h.drop(t, 3)
	check("from three", 3, 5)
	h.drop(t, 6)
	check("all dropped", 6, 5)
}

// stored lists when the stream took each of its events.
func (h *house) stored(t *testing.T) map[uint64]time.Time {
	t.Helper()
	times := make(map[uint64]time.Time)
	entries, _, _, err := h.log.Page(t.Context(), Range{Tenant: "t"}, MaxPage)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		times[e.Sequence] = e.Stored
	}
	return times
}

func TestTimes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if got, err := h.log.SequenceAt(t.Context(), time.Now()); err != nil || got != 1 {
		t.Errorf("empty: %d, %v", got, err)
	}
	for range 10 {
		h.publish(t, "t", "e", `{"data":1}`)
	}
	times := h.stored(t)
	h.drop(t, 3)
	for at, want := range map[time.Time]uint64{
		time.Unix(1, 0):               3,
		times[1]:                      3,
		times[3]:                      3,
		times[7]:                      7,
		times[7].Add(time.Nanosecond): 8,
		times[10]:                     10,
		times[10].Add(time.Hour):      11,
		time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC):  11,
		time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC): 11,
	} {
		if got, err := h.log.SequenceAt(t.Context(), at); err != nil || got != want {
			t.Errorf("at %s: %d, %v; want %d", at, got, err, want)
		}
	}
	for name, test := range map[string]struct {
		r    Range
		want []uint64
	}{
		"since":           {Range{Since: times[8]}, []uint64{8, 9, 10}},
		"until":           {Range{Until: times[5]}, []uint64{3, 4}},
		"both":            {Range{Since: times[4], Until: times[7]}, []uint64{4, 5, 6}},
		"after and since": {Range{After: 5, Since: times[4], Until: times[7]}, []uint64{6}},
		"to come":         {Range{Since: time.Now().Add(time.Hour)}, nil},
		"never":           {Range{Since: times[7], Until: times[4]}, nil},
		"all":             {Range{Until: time.Now().Add(time.Hour)}, []uint64{3, 4, 5, 6, 7, 8, 9, 10}},
	} {
		test.r.Tenant = "t"
		for _, limit := range []int{1, 100} {
			if got := h.all(t, test.r, limit); !slices.Equal(got, test.want) {
				t.Errorf("%s by %d: %v, want %v", name, limit, got, test.want)
			}
		}
	}
}

func TestAway(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.nats.Stop()
	ctx := t.Context()
	if _, _, err := h.log.Bounds(ctx); err == nil {
		t.Error("bounds without a server")
	}
	if _, err := h.log.SequenceAt(ctx, time.Now()); err == nil {
		t.Error("a sequence without a server")
	}
	if _, err := h.log.Get(ctx, 1); err == nil || errors.Is(err, ErrGone) {
		t.Errorf("get without a server: %v", err)
	}
	if _, _, _, err := h.log.Page(ctx, Range{Tenant: "t"}, 1); err == nil || errors.Is(err, ErrExpired) {
		t.Errorf("page without a server: %v", err)
	}
}
