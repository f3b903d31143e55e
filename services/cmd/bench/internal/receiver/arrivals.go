package receiver

import (
	"slices"
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

// Between are those that came in the span.
func (a Arrivals) Between(from, to time.Time) (some Arrivals) {
	for _, one := range a {
		if !one.At.Before(from) && one.At.Before(to) {
			some = append(some, one)
		}
	}
	return some
}

// Made are those whose event was made in the span.
func (a Arrivals) Made(from, to time.Time) (some Arrivals) {
	for _, one := range a {
		if made := one.At.Add(-one.Age); !made.Before(from) && made.Before(to) {
			some = append(some, one)
		}
	}
	return some
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
