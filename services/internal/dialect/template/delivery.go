package template

import (
	"strconv"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// Delivery is what a template has to know of one attempt.
type Delivery struct {
	Event          *posthastev1.Event
	ID             string
	SubscriptionID string
	// Attempt is the number of this one, from 1.
	Attempt uint32
	// Sequence is the place of the event in EVENTS.
	Sequence uint64
	// Round is that of a redelivery or a replay, else "". It keeps the ids of
	// their attempts apart from those of the delivery that they repeat.
	Round string
	// TraceParent is W3C's header of the trace that the event came with, or "".
	TraceParent string
}

// appendAttemptID is unique to each attempt: a round begins again at 1.
func (in *Delivery) appendAttemptID(dst []byte) []byte {
	dst = append(append(dst, in.ID...), '_')
	if in.Round != "" {
		dst = append(append(dst, in.Round...), '_')
	}
	return strconv.AppendUint(dst, uint64(in.Attempt), 10)
}
