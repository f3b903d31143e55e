package replay

import (
	"errors"
	"testing"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

func TestStore(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	var ids []string
	for i := range 5 {
		rec := &posthastev1.Replay{Id: NewID(at.Add(time.Duration(i) * time.Second)), Tenant: "t", SubscriptionId: []string{"evsub_1", "evsub_2"}[i%2]}
		ids = append(ids, rec.GetId())
		if err := h.store.Create(ctx, rec); err != nil {
			t.Fatal(err)
		}
		if err := h.store.Create(ctx, rec); !errors.Is(err, ErrConflict) {
			t.Errorf("created twice: %v", err)
		}
	}
	for name, test := range map[string]struct {
		tenant, subscription string
		limit                int
		want                 []string
	}{
		"all":      {"t", "", 10, []string{ids[4], ids[3], ids[2], ids[1], ids[0]}},
		"one":      {"t", "evsub_1", 10, []string{ids[4], ids[2], ids[0]}},
		"newest":   {"t", "evsub_2", 1, []string{ids[3]}},
		"stranger": {"other", "", 10, nil},
	} {
		list, err := h.store.List(ctx, test.tenant, test.subscription, test.limit)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, rec := range list {
			got = append(got, rec.GetId())
		}
		equal(t, got, test.want)
		if t.Failed() {
			t.Fatal(name)
		}
	}
	rec, err := h.store.Update(ctx, "t", ids[0], func(rec *posthastev1.Replay) (bool, error) {
		rec.Status = cancelled
		return true, nil
	})
	if err != nil || rec.GetStatus() != cancelled || h.get(t, ids[0]).GetStatus() != cancelled {
		t.Errorf("%v, %v", rec, err)
	}
	for name, err := range map[string]error{
		"get":    second(h.store.Get(ctx, "t", "rpl_1")),
		"update": second(h.store.Update(ctx, "t", "rpl_1", func(*posthastev1.Replay) (bool, error) { return true, nil })),
	} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
