package subscription

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/posthaste/posthaste/services/internal/filter"
	"github.com/posthaste/posthaste/services/internal/sealed"
	"github.com/posthaste/posthaste/services/internal/testbed/sealedtest"
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
		dst = x.Match("a", "task.created", nil, dst[:0])
	}
	if len(dst) != matches {
		b.Fatalf("%d matches, want %d", len(dst), matches)
	}
}

// BenchmarkMatchFilter finds the one of many subscriptions of one tenant and
// type that has the event's value, in an event of 1 KiB, reading it included.
// Where only ranges differ every subscription is asked.
func BenchmarkMatchFilter(b *testing.B) {
	event := []byte(`{"pad":"` + strings.Repeat("x", 900) + `","taskId":"n77","status":"paid","amount":77,"order":{"customer":"n77"}}`)
	for _, c := range []struct {
		name, pattern string
		total         int
	}{
		{"member", `{"taskId":["n%d"]}`, 100_000},
		{"nested", `{"order":{"customer":["n%d"]}}`, 100_000},
		{"beside a common value", `{"status":["paid"],"order":{"customer":["n%d"]}}`, 100_000},
		{"range", `{"amount":[{"numeric":[">=",%[1]d,"<=",%[1]d]}]}`, 1000},
	} {
		b.Run(fmt.Sprintf("%s/subscriptions=%d", c.name, c.total), func(b *testing.B) {
			x := NewIndex()
			for i := range c.total {
				x.put(filtered(nth("s", i), uint64(i+1), fmt.Sprintf(c.pattern, i), "task.created"))
			}
			dst := make([]*Subscription, 0, 1000)
			b.ReportAllocs()
			for b.Loop() {
				dst = x.Match("a", "task.created", filter.NewData(event), dst[:0])
			}
			if len(dst) != 1 {
				b.Fatalf("%d matches, want 1", len(dst))
			}
		})
	}
}

// BenchmarkPutFiltered replaces one of 100,000 subscriptions by itself, which
// costs the same whatever else is there.
func BenchmarkPutFiltered(b *testing.B) {
	x := NewIndex()
	for i := range 100_000 {
		x.put(filtered(nth("s", i), uint64(i+1), fmt.Sprintf(`{"taskId":["n%d"]}`, i), "task.created"))
	}
	revision := uint64(100_001)
	b.ReportAllocs()
	for b.Loop() {
		revision++
		x.put(filtered("s500", revision, `{"taskId":["n500"]}`, "task.created"))
	}
}

// BenchmarkLoad reads 100,000 records of the bucket into an index, as a service
// does at its start. Secrets stay sealed.
func BenchmarkLoad(b *testing.B) {
	const total = 100_000
	for name, keys := range map[string]*sealed.Keys{"plain": sealedtest.Keys(b, ""), "sealed": sealedtest.Keys(b)} {
		b.Run(name, func(b *testing.B) {
			box, records := newBox(keys), make([][]byte, total)
			for i := range total {
				pb := withSecrets()
				pb.Id, pb.Url = nth("evsub_", i), "https://example.com/webhooks/of/somebody"
				if err := box.seal(pb); err != nil {
					b.Fatal(err)
				}
				records[i], _ = proto.Marshal(pb)
			}
			for b.Loop() {
				m := memory{NewIndex(), box, slog.New(slog.DiscardHandler)}
				for i, record := range records {
					if err := m.Put("", record, uint64(i+1)); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(len(records[0])), "bytes/record")
		})
	}
}

// BenchmarkOpen is what a dispatcher does once for each change of a
// subscription.
func BenchmarkOpen(b *testing.B) {
	box, pb := newBox(sealedtest.Keys(b)), withSecrets()
	if err := box.seal(pb); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := box.open(pb); err != nil {
			b.Fatal(err)
		}
	}
}
