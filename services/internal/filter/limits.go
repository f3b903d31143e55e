package filter

import "cmp"

// Limits bound one pattern. A field that is zero stands for its default.
type Limits struct {
	MaxBytes int // of the pattern as sent; 8192
	MaxDepth int // objects within one another, branches of $or included; 16
	MaxRules int // alternatives of all leaves, and entries of anything-but; 512
}

// withDefaults bounds what one subscription may cost: a pattern of this size
// is matched in microseconds, and a bucket of 100,000 still loads.
func (l Limits) withDefaults() Limits {
	return Limits{
		MaxBytes: cmp.Or(l.MaxBytes, 8192),
		MaxDepth: cmp.Or(l.MaxDepth, 16),
		MaxRules: cmp.Or(l.MaxRules, 512),
	}
}
