package tenant

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/posthaste/posthaste/pkg/eventid"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/bustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// at is a time of seconds, that a record holds exactly.
func at(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

func open(t *testing.T) *Live {
	t.Helper()
	b := bustest.Connect(t, testbed.StartNATS(t).URL(), slog.New(slog.DiscardHandler))
	l, err := Open(t.Context(), b, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	testbed.Running(t, l.Run)
	<-l.Loaded()
	return l
}

// put stores and waits until the memory shows it.
func (l *Live) put(t *testing.T, pb *posthastev1.Tenant, now time.Time) *posthastev1.Tenant {
	t.Helper()
	stored, revision, err := l.Put(t.Context(), pb, now)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Await(t.Context(), revision); err != nil {
		t.Fatal(err)
	}
	return stored
}

func want(t *testing.T, what string, got, want *posthastev1.Tenant) {
	t.Helper()
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("%s: %s", what, diff)
	}
}

func TestLive(t *testing.T) {
	t.Parallel()
	l := open(t)
	if got, ok := l.Get("acme"); ok {
		t.Errorf("has %v before it was set", got)
	}
	given := &posthastev1.Tenant{Name: "acme", Dialect: "aicity"}
	stored := l.put(t, given, at(1))
	first := &posthastev1.Tenant{Name: "acme", Dialect: "aicity", CreatedAt: timestamppb.New(at(1)), UpdatedAt: timestamppb.New(at(1))}
	want(t, "stored", stored, first)
	want(t, "given", given, &posthastev1.Tenant{Name: "acme", Dialect: "aicity"})
	got, _ := l.Get("acme")
	want(t, "read", got, first)

	// Another Put replaces all but the time of creation.
	const known = posthastev1.EventTypeEnforcement_EVENT_TYPE_ENFORCEMENT_KNOWN
	l.put(t, &posthastev1.Tenant{Name: "acme", Enforcement: known}, at(2))
	got, _ = l.Get("acme")
	want(t, "replaced", got, &posthastev1.Tenant{Name: "acme", Enforcement: known, CreatedAt: timestamppb.New(at(1)), UpdatedAt: timestamppb.New(at(2))})

	l.put(t, &posthastev1.Tenant{Name: "a-first"}, at(3))
	if all := l.List(); len(all) != 2 || all[0].GetName() != "a-first" || all[1].GetName() != "acme" {
		t.Errorf("list %v", all)
	}
}

func TestPutAgainAndDelete(t *testing.T) {
	t.Parallel()
	l := open(t)
	l.put(t, &posthastev1.Tenant{Name: "acme", Dialect: "aicity"}, at(1))
	updated := l.put(t, &posthastev1.Tenant{Name: "acme", Dialect: "neiracore"}, at(2))
	want(t, "updated", updated, &posthastev1.Tenant{Name: "acme", Dialect: "neiracore", CreatedAt: timestamppb.New(at(1)), UpdatedAt: timestamppb.New(at(2))})
	removed, err := l.Delete(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	want(t, "removed", removed, updated)
	if err := l.AwaitRemoved(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Delete(t.Context(), "acme"); !errors.Is(err, ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
	if got := l.put(t, &posthastev1.Tenant{Name: "acme"}, at(5)); !got.GetCreatedAt().AsTime().Equal(at(5)) {
		t.Errorf("made anew at %s", got.GetCreatedAt().AsTime())
	}
}

func TestAwaitRemovedEnds(t *testing.T) {
	t.Parallel()
	l := open(t)
	l.put(t, &posthastev1.Tenant{Name: "acme"}, at(1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.AwaitRemoved(ctx, "acme"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that ctx ended", err)
	}
}

func TestBadTenants(t *testing.T) {
	t.Parallel()
	l := open(t)
	for _, name := range []string{"", "a.b", "a b", "*"} {
		if _, _, err := l.Put(t.Context(), &posthastev1.Tenant{Name: name}, at(1)); !errors.Is(err, eventid.ErrName) {
			t.Errorf("name %q: %v", name, err)
		}
	}
	const text = "tenant a: enforcement 9 is none of off, schema and known"
	if _, _, err := l.Put(t.Context(), &posthastev1.Tenant{Name: "a", Enforcement: 9}, at(1)); err == nil || err.Error() != text {
		t.Errorf("error %v, want %s", err, text)
	}
}

// Puts and deletes at the same time: each Put ends with a record or a conflict
// that is settled, never with "exists" or "not found".
func TestPutsRace(t *testing.T) {
	t.Parallel()
	l := open(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, _, err := l.Put(t.Context(), &posthastev1.Tenant{Name: "a"}, at(1)); err != nil {
				t.Error(err)
			}
			if _, err := l.Delete(t.Context(), "a"); err != nil && !errors.Is(err, ErrNotFound) {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
