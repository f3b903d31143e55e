package redisstore

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/testbed"
)

// TestStore is one suite for every Redis that we run on.
func TestStore(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]func(*testing.T) string{
		"embedded": func(t *testing.T) string { t.Helper(); return testbed.RedisURL(t) },
		"real":     realURL,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			suite(t, url(t))
		})
	}
}

// id is unlike any other, for the Redis may be shared and hold more.
func id(kind string) string { return kind + "_" + rand.Text() }

func suite(t *testing.T, url string) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *Store){
		"delivered":       testDelivered,
		"failures":        testFailures,
		"reset":           testReset,
		"bounded":         testBounded,
		"expiry is set":   testExpirySet,
		"together":        testTogether,
		"nothing asked":   testNothing,
		"failed together": testFailedTogether,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t, url))
		})
	}
	t.Run("expires", func(t *testing.T) {
		t.Parallel()
		s := open(t, url, func(c *Config) { c.DedupTTL = time.Second })
		key := id("dlv")
		s.Succeeded(t.Context(), key, id("sub"))
		testbed.Eventually(t, "the dedup key expires", func() bool { return !s.Delivered(t.Context(), []string{key})[0] })
	})
}

func testDelivered(t *testing.T, s *Store) {
	t.Helper()
	first, second, third := id("dlv"), id("dlv"), id("dlv")
	ask := []string{first, second, third}
	if got := s.Delivered(t.Context(), ask); slices.Contains(got, true) {
		t.Fatalf("delivered before anything was: %v", got)
	}
	s.Succeeded(t.Context(), second, id("sub"))
	if got, want := s.Delivered(t.Context(), ask), []bool{false, true, false}; !slices.Equal(got, want) {
		t.Fatalf("delivered %v, want %v", got, want)
	}
}

func testFailures(t *testing.T, s *Store) {
	t.Helper()
	sub, other := id("sub"), id("sub")
	first, second := id("dlv"), id("dlv")
	for _, step := range []struct {
		delivery string
		want     int
	}{{first, 1}, {first, 1}, {second, 2}, {first, 2}} {
		if got, ok := s.Failed(t.Context(), step.delivery, sub); got != step.want || !ok {
			t.Fatalf("%d failed (known: %v), want %d", got, ok, step.want)
		}
	}
	counts, err := s.Failures(t.Context(), []string{other, sub})
	if err != nil || !slices.Equal(counts, []int{0, 2}) {
		t.Fatalf("failures %v, %v; want 0 and 2", counts, err)
	}
}

func testReset(t *testing.T, s *Store) {
	t.Helper()
	for name, reset := range map[string]func(sub string){
		"success": func(sub string) { s.Succeeded(t.Context(), id("dlv"), sub) },
		"reset": func(sub string) {
			if err := s.ResetFailures(t.Context(), sub); err != nil {
				t.Error(err)
			}
		},
	} {
		sub, other := id("sub"), id("sub")
		s.Failed(t.Context(), id("dlv"), sub)
		s.Failed(t.Context(), id("dlv"), other)
		reset(sub)
		if count, _ := s.Failed(t.Context(), id("dlv"), sub); count != 1 {
			t.Errorf("%s: then %d failed, want 1", name, count)
		}
		if count, _ := s.Failed(t.Context(), id("dlv"), other); count != 2 {
			t.Errorf("%s: of another subscription %d failed, want 2", name, count)
		}
	}
}

// testBounded fills the set past its bound, as a subscription that is never
// disabled would.
func testBounded(t *testing.T, s *Store) {
	t.Helper()
	sub := id("sub")
	ids := make([]any, maxCounted+5)
	for i := range ids {
		ids[i] = fmt.Sprint("dlv_", i)
	}
	if err := s.rdb.SAdd(t.Context(), failedPrefix+sub, ids...).Err(); err != nil {
		t.Fatal(err)
	}
	if count, ok := s.Failed(t.Context(), id("dlv"), sub); !ok || count <= maxCounted {
		t.Fatalf("%d failed (known: %v), want more than %d", count, ok, maxCounted)
	}
	if counts, err := s.Failures(t.Context(), []string{sub}); err != nil || counts[0] != maxCounted {
		t.Fatalf("%v kept, %v; want %d", counts, err, maxCounted)
	}
}

func testExpirySet(t *testing.T, s *Store) {
	t.Helper()
	key, sub, failing := id("dlv"), id("sub"), id("sub")
	s.Succeeded(t.Context(), key, sub)
	s.Failed(t.Context(), id("dlv"), failing)
	for name, want := range map[string]time.Duration{
		deliveredPrefix + key: s.cfg.DedupTTL, failedPrefix + failing: s.cfg.FailureTTL,
	} {
		ttl, err := s.rdb.TTL(t.Context(), name).Result()
		if err != nil || ttl > want || ttl < want-time.Minute {
			t.Errorf("%s lives for %s (%v), want %s", name, ttl, err, want)
		}
	}
}

// testTogether has many goroutines share round trips.
func testTogether(t *testing.T, s *Store) {
	t.Helper()
	const many = 500
	var trips countTrips
	s.rdb.AddHook(&trips)
	keys := make([]string, many)
	sub := id("sub")
	s.Failed(t.Context(), id("dlv"), sub)
	var group sync.WaitGroup
	for i := range keys {
		keys[i] = id("dlv")
		group.Go(func() { s.Succeeded(t.Context(), keys[i], sub) })
	}
	group.Wait()
	if got := s.Delivered(t.Context(), keys); slices.Contains(got, false) {
		t.Error("a success is not remembered")
	}
	if n := trips.pipelines.Load(); n > many/2 {
		t.Errorf("%d pipelines for %d successes at once", n, many)
	}
	if counts, err := s.Failures(t.Context(), []string{sub}); err != nil || counts[0] != 0 {
		t.Errorf("failures %v, %v; want none", counts, err)
	}
}

func testNothing(t *testing.T, s *Store) {
	t.Helper()
	if got := s.Delivered(t.Context(), nil); len(got) != 0 {
		t.Errorf("answers %v to no question", got)
	}
	if got, err := s.Failures(t.Context(), nil); len(got) != 0 || err != nil {
		t.Errorf("answers %v, %v to no question", got, err)
	}
	if s.Away() {
		t.Error("counts as away after nothing was asked")
	}
}

// testFailedTogether counts each of many at once: one of them reads the whole.
func testFailedTogether(t *testing.T, s *Store) {
	t.Helper()
	const many = 50
	sub := id("sub")
	counts := make([]int, many)
	var group sync.WaitGroup
	for i := range counts {
		group.Go(func() { counts[i], _ = s.Failed(t.Context(), id("dlv"), sub) })
	}
	group.Wait()
	if highest := slices.Max(counts); highest != many {
		t.Errorf("the last count is %d, want %d", highest, many)
	}
}

func TestBadURLTellsNoPassword(t *testing.T) {
	t.Parallel()
	cfg := Config{RedisURL: "http://user:hush@host"}
	err := cfg.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	if strings.Contains(err.Error(), "hush") {
		t.Errorf("the error is %q", err)
	}
}
