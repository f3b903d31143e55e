package history

import (
	"cmp"
	"strings"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// standing is a delivery as kept, and about what it takes in the database with
// its attempts.
type standing struct {
	Delivery
	size int64
}

// identify adds what a record says of the delivery itself. It comes to the
// same in any order: ids and type never differ, the rest is a least or a most.
func (s *standing) identify(a *posthastev1.Attempt, madeAt time.Time) {
	s.ID, s.Tenant, s.SubscriptionID = a.GetDeliveryId(), a.GetTenant(), a.GetSubscriptionId()
	s.EventID, s.EventType = a.GetEventId(), a.GetEventType()
	s.Test = s.Test || a.GetTest()
	s.Sequence = max(s.Sequence, place(a.GetSequence()))
	if s.CreatedAt.IsZero() || madeAt.Before(s.CreatedAt) {
		s.CreatedAt = madeAt
	}
}

// round is one making of a delivery.
type round struct {
	id          string
	made, first time.Time
}

// compare orders rounds by when they were made, the router's first.
func (r round) compare(other round) int {
	return cmp.Or(
		order(r.id != "", other.id != ""),
		r.made.Compare(other.made),
		r.first.Compare(other.first),
		strings.Compare(r.id, other.id),
	)
}

// rounds collects them from the records of one delivery.
func rounds(records map[key]*record) map[string]round {
	found := make(map[string]round, 1)
	for _, r := range records {
		next := round{r.Round, r.madeAt, r.StartedAt}
		if known, ok := found[r.Round]; ok {
			next.made, next.first = earlier(known.made, next.made), earlier(known.first, next.first)
		}
		found[r.Round] = next
	}
	return found
}

// fold works out what the records of a delivery, one for each key, come to.
// It is the same for any order in which they came.
func (s *standing) fold(records map[key]*record) {
	*s = standing{Delivery: Delivery{
		ID: s.ID, Tenant: s.Tenant, SubscriptionID: s.SubscriptionID, EventID: s.EventID,
		EventType: s.EventType, Test: s.Test, Sequence: s.Sequence, CreatedAt: s.CreatedAt,
	}}
	all := rounds(records)
	s.Rounds = len(all)
	var state, post *record
	for _, r := range records {
		s.size += r.size
		if state == nil || newer(all, r, state, ended) > 0 {
			state = r
		}
		if r.Note {
			continue
		}
		s.count(r)
		if post == nil || newer(all, r, post, nil) > 0 {
			post = r
		}
	}
	s.take(state, post)
	s.size += s.weigh()
}

// newer compares two records of a delivery: by their rounds, within a round by
// what first says, and then by number.
func newer(all map[string]round, a, b *record, first func(*record) bool) int {
	if a.Round != b.Round {
		return all[a.Round].compare(all[b.Round])
	}
	if first != nil && first(a) != first(b) {
		return order(first(a), first(b))
	}
	return cmp.Compare(a.Number, b.Number)
}

// ended puts the end of a round before what is told of it too late: a delivery
// that was handed out twice may be delivered by one and wait for the other.
func ended(r *record) bool { return r.Outcome != "" }

func (s *standing) count(post *record) {
	s.Attempts++
	if s.FirstAttemptAt.IsZero() || post.StartedAt.Before(s.FirstAttemptAt) {
		s.FirstAttemptAt = post.StartedAt
	}
	if post.StartedAt.After(s.LastAttemptAt) {
		s.LastAttemptAt = post.StartedAt
	}
}

// take sets what the newest state and the last POST, nil for none, say.
func (s *standing) take(state, post *record) {
	s.Status, s.Reason, s.Error = cmp.Or(state.Outcome, StatusWaiting), state.Reason, state.Error
	if ended(state) {
		s.FinishedAt = state.StartedAt.Add(state.Latency)
	} else {
		s.NextAttemptAt = state.NextAt
	}
	if post != nil {
		s.URL, s.ResponseStatus, s.Latency = post.URL, post.ResponseStatus, post.Latency
		s.Error = post.Error
	}
}

// better says whether a is to be kept rather than b where both tell of the
// same attempt, as when a dispatcher died between the POST and its ack and
// another made it again: a POST rather than a note, an end rather than a wait,
// the later rather than the earlier.
func better(a, b *record) bool {
	return cmp.Or(
		order(b.Note, a.Note),
		order(ended(a), ended(b)),
		a.StartedAt.Compare(b.StartedAt),
	) > 0
}

// order sorts false before true.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
