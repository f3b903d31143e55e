package share

import (
	"strconv"
	"testing"
	"time"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// flow has tenants do so much a second, for ten seconds, and says who was heavy
// at the end.
func flow(s *Shares, rates map[string]int) map[string]bool {
	heavy := map[string]bool{}
	for tick := range 100 {
		for tenant, rate := range rates {
			heavy[tenant] = s.Add(tenant, rate/10, start.Add(time.Duration(tick)*100*time.Millisecond))
		}
	}
	return heavy
}

func TestHeavy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rates map[string]int
		heavy string
	}{
		"alone, with little":   {map[string]int{"a": 100}, ""},
		"alone, with much":     {map[string]int{"a": 5000}, "a"},
		"one beside a few":     {map[string]int{"a": 5000, "b": 20, "c": 100}, "a"},
		"beside a flood":       {map[string]int{"a": 50000, "b": 400}, "a"},
		"as much as the other": {map[string]int{"a": 1000, "b": 1000}, "ab"},
	} {
		got := flow(New(), c.rates)
		for tenant := range c.rates {
			if want := len(c.heavy) > 0 && (tenant[0] == c.heavy[0] || len(c.heavy) > 1); got[tenant] != want {
				t.Errorf("%s: %s is heavy: %v", name, tenant, got[tenant])
			}
		}
	}
}

func TestForgets(t *testing.T) {
	t.Parallel()
	s := New()
	if !s.Add("a", 5000, start) {
		t.Error("a flood is not heavy")
	}
	if s.Add("a", 1, start.Add(10*time.Second)) {
		t.Error("still heavy after ten quiet seconds")
	}
	for i := range 3 * sweepAt {
		s.Add(strconv.Itoa(i), 1, start.Add(time.Duration(i)*time.Second))
	}
	if n := len(s.byTenant); n > sweepAt {
		t.Errorf("%d tenants are remembered", n)
	}
}

func BenchmarkAdd(b *testing.B) {
	s := New()
	for b.Loop() {
		s.Add("tenant", 1, start)
	}
}
