package kv

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/bustest"
)

func open(t *testing.T) *Bucket[*posthastev1.Tenant] {
	t.Helper()
	b := bustest.Connect(t, testbed.StartNATS(t).URL(), slog.New(slog.DiscardHandler))
	bucket, err := Open[*posthastev1.Tenant](t.Context(), b, bus.BucketTenants, "tenant")
	if err != nil {
		t.Fatal(err)
	}
	return bucket
}

func TestBucket(t *testing.T) {
	t.Parallel()
	b := open(t)
	ctx := t.Context()
	if _, _, err := b.Get(ctx, "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("empty: %v", err)
	}
	first, err := b.Create(ctx, "a", &posthastev1.Tenant{Name: "a"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Create(ctx, "a", &posthastev1.Tenant{Name: "b"}); !errors.Is(err, ErrExists) {
		t.Errorf("created twice: %v", err)
	}
	m, second, err := b.Update(ctx, "a", func(m *posthastev1.Tenant) (bool, error) {
		m.Dialect = "aicity"
		return true, nil
	})
	if err != nil || second <= first || m.GetName() != "a" {
		t.Errorf("updated: %v, revision %d after %d, %v", m, second, first, err)
	}
	_, third, err := b.Replace(ctx, "b", &posthastev1.Tenant{Name: "b"}, nil, func() error { return nil })
	if err != nil || third <= second {
		t.Errorf("new: %d, %v", third, err)
	}
	full := errors.New("full")
	if _, _, err := b.Replace(ctx, "c", &posthastev1.Tenant{}, nil, func() error { return full }); !errors.Is(err, full) {
		t.Errorf("no room: %v", err)
	}
	fresh := &posthastev1.Tenant{Name: "new"}
	keep := func(old *posthastev1.Tenant) { fresh.Dialect = old.GetDialect() }
	if m, _, err := b.Replace(ctx, "a", fresh, keep, nil); err != nil || m.GetName() != "new" || m.GetDialect() != "aicity" {
		t.Errorf("replaced: %v, %v", m, err)
	}
	keys, err := b.Keys(ctx, "*")
	slices.Sort(keys)
	if err != nil || !slices.Equal(keys, []string{"a", "b"}) {
		t.Errorf("keys %v, %v", keys, err)
	}
	if m, _, err := b.Delete(ctx, "a"); err != nil || m.GetDialect() != "aicity" {
		t.Errorf("deleted %v, %v", m, err)
	}
	if _, err := b.Create(ctx, "a", &posthastev1.Tenant{}); err != nil {
		t.Errorf("created after a delete: %v", err)
	}
}

// The table follows the bucket, from what was there to what goes.
func TestTable(t *testing.T) {
	t.Parallel()
	b := open(t)
	ctx := t.Context()
	put := func(key, dialect string) uint64 {
		t.Helper()
		_, revision, err := b.Replace(ctx, key, &posthastev1.Tenant{Name: key, Dialect: dialect}, func(*posthastev1.Tenant) {}, func() error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		return revision
	}
	put("a", "one")
	table := NewTable(func(m *posthastev1.Tenant) (string, error) {
		if m.GetDialect() == "bad" {
			return "", errors.New("bad dialect")
		}
		return m.GetDialect(), nil
	})
	mirror := NewMirror(b, table, slog.New(slog.DiscardHandler))
	if mirror.Ready(ctx) == nil {
		t.Error("ready before it ran")
	}
	testbed.Running(t, mirror.Run)
	<-mirror.Loaded()
	if got, ok := table.Get("a"); !ok || got != "one" || mirror.Ready(ctx) != nil {
		t.Errorf("loaded %q, %v", got, ok)
	}
	put("a", "two")
	put("x", "bad")
	if err := mirror.Await(ctx, put("b", "three")); err != nil {
		t.Fatal(err)
	}
	if all := table.Under(""); len(all) != 2 || len(table.Under("b")) != 1 {
		t.Errorf("holds %v", all)
	}
	if _, _, err := b.Delete(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	if err := mirror.Await(ctx, put("b", "four")); err != nil {
		t.Fatal(err)
	}
	if got := table.Under(""); !slices.Equal(got, []string{"four"}) {
		t.Errorf("holds %v, want only the newest of b", got)
	}
	if err := mirror.Current(ctx); err != nil {
		t.Error(err)
	}
}

// What comes late does not undo what is newer.
func TestTableKnowsLateComers(t *testing.T) {
	t.Parallel()
	table := NewTable(func(m *posthastev1.Tenant) (string, error) { return m.GetDialect(), nil })
	if err := table.Put("a", nil, 5); err != nil {
		t.Fatal(err)
	}
	table.Remove("a", 4)
	if _, ok := table.Get("a"); !ok {
		t.Error("an older removal removed")
	}
	table.Retain(map[string]struct{}{})
	if _, ok := table.Get("a"); ok {
		t.Error("what a full reading did not show stayed")
	}
}

// The server has two codes for "wrong last sequence"; replicated buckets
// answer with the second.
func TestRacedCodes(t *testing.T) {
	t.Parallel()
	for _, code := range []jetstream.ErrorCode{jetstream.JSErrCodeStreamWrongLastSequence, jetstream.JSErrCodeStreamWrongLastSequenceConstant} {
		err := errors.Join(&jetstream.APIError{Code: 400, ErrorCode: code}, jetstream.ErrKeyRevisionMismatch)
		if !raced(err) {
			t.Errorf("code %d is no race", code)
		}
	}
	if raced(context.DeadlineExceeded) || raced(nil) {
		t.Error("a race without one")
	}
}
