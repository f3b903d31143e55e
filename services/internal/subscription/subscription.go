// Package subscription holds subscriptions: what is valid in one, where they
// are kept (a JetStream KV bucket), and the in-memory index that finds those
// which want an event.
package subscription

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/posthaste/posthaste/pkg/eventid"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/filter"
	"github.com/posthaste/posthaste/services/internal/kv"
)

// Why a subscription is disabled.
const (
	DisabledRequested           = "requested"
	DisabledConsecutiveFailures = "consecutive_failures"
	DisabledGone                = "gone" // the endpoint answered 410
)

// Subscription is a stored subscription as it was read: never changed after.
type Subscription struct {
	*posthastev1.Subscription
	// Revision is the bucket's, for compare-and-set.
	Revision uint64

	patterns  []string
	filters   []*filter.Pattern // all must match
	filterErr error
}

// NewID makes an id of the form that AgentRail's clients check:
// ^evsub_[A-Za-z0-9]+$.
func NewID(now time.Time) string {
	return "evsub_" + ulid.MustNew(ulid.Timestamp(now), rand.Reader).String()
}

const maxID = 64 // characters after the prefix; NewID makes 26

// CheckID holds for ids of the form that NewID makes. Anything else is no key
// of the bucket, or a wildcard in one.
func CheckID(id string) bool {
	rest, ok := strings.CutPrefix(id, "evsub_")
	if !ok || rest == "" || len(rest) > maxID {
		return false
	}
	for i := range len(rest) {
		if c := rest[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// Active says whether events are delivered.
func (s *Subscription) Active() bool {
	return s.GetStatus() == posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_ACTIVE
}

// FilterErr says why the stored filter cannot be read, which happens if
// another version of the program wrote it; nil is the rule. Such a subscription
// is known, so that it can be listed, changed and removed, and no event matches
// it: to ignore the filter would send the endpoint what its owner does not want.
func (s *Subscription) FilterErr() error { return s.filterErr }

// matchable says whether any event can match.
func (s *Subscription) matchable() bool { return s.Active() && s.filterErr == nil }

// Wants says whether the event matches by its type and by the filters, whether
// or not the subscription is active. An Index finds all that want an event.
func (s *Subscription) Wants(e *posthastev1.Event) bool {
	if s.filterErr != nil || !slices.ContainsFunc(s.patterns, func(p string) bool { return matchesType(p, e.GetType()) }) {
		return false
	}
	return len(s.filters) == 0 || s.wants(filter.NewData(e.GetData()))
}

func matchesType(pattern, eventType string) bool {
	stem, isPrefix := strings.CutSuffix(pattern, "*")
	return pattern == eventType || isPrefix && strings.HasPrefix(eventType, stem)
}

func (s *Subscription) wants(data *filter.Data) bool {
	for _, f := range s.filters {
		if !f.Match(data) {
			return false
		}
	}
	return true
}

func newSubscription(pb *posthastev1.Subscription, revision uint64) *Subscription {
	s := &Subscription{Subscription: pb, Revision: revision, patterns: disjoint(pb.GetEventTypes())}
	s.filters, s.filterErr = compileFilters(pb.GetFilters())
	return s
}

// compileFilters gives what must all match, nothing where all events do.
func compileFilters(pb *posthastev1.Filters) (all []*filter.Pattern, err error) {
	if ids := pb.GetTaskIds(); len(ids) > 0 {
		all = append(all, filter.OneOf("taskId", ids))
	}
	if pattern := pb.GetPattern(); len(pattern) > 0 {
		p, err := filter.Compile(pattern, filter.Limits{})
		if err != nil {
			return nil, fmt.Errorf("compile filter: %w", err)
		}
		all = append(all, p)
	}
	return all, nil
}

func decode(value []byte, revision uint64) (*Subscription, error) {
	pb, err := kv.Decode[*posthastev1.Subscription](value)
	if err != nil {
		return nil, err
	}
	return newSubscription(pb, revision), nil
}

// AnyType is the pattern that every type matches.
const AnyType = "*"

// CheckPattern holds for an exact type, a prefix such as "task.*", and "*".
// "task.*" matches every type that begins with "task.", however many parts
// follow.
func CheckPattern(pattern string) error {
	if pattern == AnyType {
		return nil
	}
	stem := strings.TrimSuffix(pattern, ".*")
	if err := eventid.CheckType(stem); err != nil {
		if strings.Contains(stem, "*") {
			return fmt.Errorf("%.128q: a star stands alone or as the last part, as in task.*", pattern)
		}
		return err
	}
	return nil
}

// disjoint drops patterns that another one covers, so that no type matches
// two of those that are left and an event is never delivered twice.
func disjoint(patterns []string) []string {
	if slices.Contains(patterns, AnyType) {
		return []string{AnyType}
	}
	kept := make([]string, 0, len(patterns))
	for i, p := range patterns {
		covered := slices.Contains(patterns[:i], p)
		for _, other := range patterns {
			stem, ok := strings.CutSuffix(other, "*")
			if ok && other != p && strings.HasPrefix(p, stem) {
				covered = true
			}
		}
		if !covered {
			kept = append(kept, p)
		}
	}
	return kept
}
