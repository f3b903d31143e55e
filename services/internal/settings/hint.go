package settings

import "slices"

// nearest finds the candidate that a misspelled name most likely meant, or "".
// Ties go to the first in alphabetical order, so that the hint is stable.
func nearest(name string, candidates []string) string {
	limit := min(3, max(1, len(name)/3))
	best, hint := limit+1, ""
	sorted := slices.Sorted(slices.Values(candidates))
	for _, candidate := range sorted {
		if d := distance(name, candidate); d < best {
			best, hint = d, candidate
		}
	}
	return hint
}

// distance counts the inserted, removed, replaced and swapped neighbouring
// bytes between two names (optimal string alignment).
func distance(a, b string) int {
	var before []int
	previous := make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := range len(a) {
		current := make([]int, len(b)+1)
		current[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			current[j+1] = min(previous[j]+cost, previous[j+1]+1, current[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				current[j+1] = min(current[j+1], before[j-1]+1)
			}
		}
		before, previous = previous, current
	}
	return previous[len(b)]
}
