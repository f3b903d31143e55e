package report

import (
	"slices"
	"time"
)

// Times are durations in ascending order.
type Times []time.Duration

// Sorted takes over the durations and sorts them.
func Sorted(all []time.Duration) Times {
	slices.Sort(all)
	return all
}

// Quantile is the least duration that at least a share q of all is not above;
// none where there are none.
func (t Times) Quantile(q float64) Figure {
	if len(t) == 0 {
		return None(Seconds)
	}
	i := int(q*float64(len(t))+0.999999) - 1 // rounded up, but for what floats add
	return Took(t[min(max(i, 0), len(t)-1)])
}

// Max is the longest.
func (t Times) Max() Figure { return t.Quantile(1) }
