package eventlog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/posthaste/posthaste/pkg/eventid"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// Range says which events are read. Only Tenant is required.
type Range struct {
	Tenant string
	// Types are patterns as those of subscriptions: exact types, prefixes
	// ("task.*") and "*". Empty: every type.
	Types []string
	// After is the cursor: what comes behind it is read. 0: from the start,
	// which never expires.
	After uint64
	// Through is the last place that is read; 0 for no end.
	Through uint64
	// Since and Until bound when the stream took an event: from Since on, and
	// before Until. Zero: not bounded.
	Since, Until time.Time
}

// maxFilters is how many subjects are read apart. With more of them, all of the
// tenant's events are read and those of other types passed over: that costs
// less than a question for each.
const maxFilters = 16

// filters are the subjects to read. JetStream refuses those that overlap.
func (r *Range) filters() ([]string, error) {
	if err := eventid.CheckTenant(r.Tenant); err != nil {
		return nil, err // a wildcard would read everybody's
	}
	subjects := make([]string, len(r.Types))
	for i, pattern := range r.Types {
		if err := subscription.CheckPattern(pattern); err != nil {
			return nil, fmt.Errorf("types: %w", err)
		}
		if stem, ok := strings.CutSuffix(pattern, subscription.AnyType); ok {
			pattern = stem + ">"
		}
		subjects[i] = eventid.Subject(r.Tenant, pattern)
	}
	if subjects = disjoint(subjects); len(subjects) == 0 || len(subjects) > maxFilters {
		return []string{eventid.Subject(r.Tenant, ">")}, nil
	}
	return subjects, nil
}

// wants says whether an event of the type is of the range.
func (r *Range) wants(eventType string) bool {
	return len(r.Types) == 0 || slices.ContainsFunc(r.Types, func(pattern string) bool {
		stem, ok := strings.CutSuffix(pattern, subscription.AnyType)
		return ok && strings.HasPrefix(eventType, stem) || pattern == eventType
	})
}

// disjoint drops subjects that another one covers.
func disjoint(subjects []string) []string {
	slices.Sort(subjects)
	subjects = slices.Compact(subjects)
	return slices.DeleteFunc(slices.Clone(subjects), func(subject string) bool {
		return slices.ContainsFunc(subjects, func(other string) bool {
			stem, ok := strings.CutSuffix(other, ">")
			return ok && other != subject && strings.HasPrefix(subject, stem)
		})
	})
}
