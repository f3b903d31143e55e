package receiver

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/posthaste/posthaste/services/cmd/bench/internal/report"
)

// Arrival is a delivery that came and was answered well.
type Arrival struct {
	Number int64 // of the event, in its source
	At     time.Time
	Age    time.Duration // since the event was made
}

// Arrivals are in the order in which they came.
type Arrivals []Arrival

// Ages are those of all.
func (a Arrivals) Ages() report.Times {
	ages := make([]time.Duration, len(a))
	for i := range a {
		ages[i] = a[i].Age
	}
	return report.Sorted(ages)
}

// First are those that did not come before.
func (a Arrivals) First() (some Arrivals) {
	seen := make(map[int64]struct{}, len(a))
	for _, one := range a {
		if _, again := seen[one.Number]; !again {
			seen[one.Number] = struct{}{}
			some = append(some, one)
		}
	}
	return some
}

// Last is when the last one came; zero where none did.
func (a Arrivals) Last() (last time.Time) {
	for _, one := range a {
		if one.At.After(last) {
			last = one.At
		}
	}
	return last
}

// Slowest names the n slices of 100 ms whose events took longest to arrive, by
// the time since the first event was made: "at 10.1s (58.4ms), …".
func (a Arrivals) Slowest(n int) string {
	const slice = 100 * time.Millisecond
	if len(a) == 0 {
		return "none"
	}
	begin := a[0].At.Add(-a[0].Age)
	worst := make(map[time.Duration]time.Duration)
	for _, one := range a {
		at := one.At.Add(-one.Age).Sub(begin).Truncate(slice)
		worst[at] = max(worst[at], one.Age)
	}
	at := slices.SortedFunc(maps.Keys(worst), func(x, y time.Duration) int { return cmp.Compare(worst[y], worst[x]) })
	var texts []string
	for _, t := range at[:min(n, len(at))] {
		texts = append(texts, fmt.Sprintf("at %s (%s)", t, report.Took(worst[t])))
	}
	return strings.Join(texts, ", ")
}

// Busiest is the most that came within any span of that length, a second.
func (a Arrivals) Busiest(span time.Duration) report.Figure {
	at := make([]time.Time, len(a))
	for i := range a {
		at[i] = a[i].At
	}
	slices.SortFunc(at, time.Time.Compare)
	most, from := 0, 0
	for i := range at {
		for at[i].Sub(at[from]) >= span {
			from++
		}
		most = max(most, i-from+1)
	}
	return report.Per(most, span)
}
