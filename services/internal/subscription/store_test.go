package subscription

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/kv"
)

func TestStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	s := w.create(t, &posthastev1.Subscription{Tenant: "a", Url: "u", Status: active})
	got, err := w.store.Get(ctx, "a", s.GetId())
	if err != nil || got.GetUrl() != "u" || got.Revision != s.Revision {
		t.Errorf("%+v, %v", got, err)
	}
	if tenant, err := w.store.Tenant(ctx, s.GetId()); err != nil || tenant != "a" {
		t.Errorf("tenant %q, %v", tenant, err)
	}
	if _, err := w.store.Create(ctx, s.Subscription); !errors.Is(err, kv.ErrExists) {
		t.Errorf("created twice: %v", err)
	}
	if got, err := w.store.Delete(ctx, "a", s.GetId()); err != nil || got.GetUrl() != "u" {
		t.Errorf("%+v, %v", got, err)
	}
	for what, err := range map[string]error{
		"get":         second(w.store.Get(ctx, "a", s.GetId())),
		"delete":      second(w.store.Delete(ctx, "a", s.GetId())),
		"update":      second(w.store.Update(ctx, "a", s.GetId(), time.Now(), nil)),
		"tenant":      second(w.store.Tenant(ctx, s.GetId())),
		"never there": second(w.store.Get(ctx, "b", "evsub_x")),
		"no key":      second(w.store.Get(ctx, "b", "evsub x.*")),
	} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// Writers that each add to what they read: nothing is lost.
func TestUpdatesOfTwentyLoseNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, &posthastev1.Subscription{Tenant: "a"}).GetId()
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			_, err := w.store.Update(t.Context(), "a", id, time.Now(), func(pb *posthastev1.Subscription) (bool, error) {
				pb.EventTypes = append(pb.EventTypes, nth("e", i))
				return true, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := w.store.Get(t.Context(), "a", id)
	if err != nil {
		t.Fatal(err)
	}
	if types := slices.Compact(slices.Sorted(slices.Values(got.GetEventTypes()))); len(types) != 20 {
		t.Errorf("%d of 20 are left: %v", len(types), types)
	}
}

func TestUpdateThatChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.create(t, &posthastev1.Subscription{Tenant: "a"})
	got, err := w.store.Update(t.Context(), "a", s.GetId(), time.Now(), func(*posthastev1.Subscription) (bool, error) { return false, nil })
	if err != nil || got.Revision != s.Revision {
		t.Errorf("revision %d, %v; want %d", got.Revision, err, s.Revision)
	}
	refusal := errors.New("no")
	if _, err := w.store.Update(t.Context(), "a", s.GetId(), time.Now(), func(*posthastev1.Subscription) (bool, error) { return true, refusal }); !errors.Is(err, refusal) {
		t.Errorf("%v", err)
	}
}

func TestEndlessConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.create(t, &posthastev1.Subscription{Tenant: "a"})
	interfere := func(*posthastev1.Subscription) (bool, error) {
		_, err := w.raw(t).Put(t.Context(), "a."+s.GetId(), nil)
		return true, err
	}
	if _, err := w.store.Update(t.Context(), "a", s.GetId(), time.Now(), interfere); !errors.Is(err, ErrConflict) {
		t.Errorf("%v, want ErrConflict", err)
	}
}

func TestDisableOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, &posthastev1.Subscription{Tenant: "a", Status: active}).GetId()
	first := time.UnixMilli(1_700_000_000_000)
	s, did, err := w.store.Disable(t.Context(), "a", id, DisabledGone, first)
	if err != nil || !did || s.Active() || s.GetDisabledReason() != DisabledGone {
		t.Fatalf("%+v, %t, %v", s, did, err)
	}
	s, did, err = w.store.Disable(t.Context(), "a", id, DisabledConsecutiveFailures, first.Add(time.Hour))
	if err != nil || did || s.GetDisabledReason() != DisabledGone || !s.GetDisabledAt().AsTime().Equal(first) {
		t.Errorf("again: %+v, %t, %v; want what was stored", s, did, err)
	}
}
