package subscription

import (
	"fmt"
	"testing"
)

// BenchmarkMatch finds 10 matches, and then 1000, among more and more
// subscriptions of one tenant: only the matches cost. Each subscription has an
// exact type or a prefix of its own.
func BenchmarkMatch(b *testing.B) {
	for _, total := range []int{1000, 10_000, 100_000} {
		for _, matches := range []int{1, 10, 100, 1000} {
			b.Run(fmt.Sprintf("subscriptions=%d/matches=%d", total, matches), func(b *testing.B) {
				benchmarkMatch(b, total, matches)
			})
		}
	}
	b.Run("subscriptions=100/matches=10", func(b *testing.B) { benchmarkMatch(b, 100, 10) })
}

func benchmarkMatch(b *testing.B, total, matches int) {
	b.Helper()
	x := NewIndex()
	wanted := []string{"task.created", "task.*", "task.created.*"}
	for i := range total {
		types := []string{nth("other.type.n", i)}
		if i%2 == 0 {
			types = []string{nth("other.stem.n", i) + ".*"}
		}
		if i < matches {
			types = wanted[i%2 : i%2+1]
		}
		x.put(sub(nth("s", i), uint64(i+1), types...))
	}
	dst := make([]*Subscription, 0, matches)
	b.ReportAllocs()
	for b.Loop() {
		dst = x.Match("a", "task.created", dst[:0])
	}
	if len(dst) != matches {
		b.Fatalf("%d matches, want %d", len(dst), matches)
	}
}
