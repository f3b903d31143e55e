package replays

import (
	"fmt"
	"math"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/replay"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// ReplayRequest is the body of …/replay.
type ReplayRequest struct {
	Since      *time.Time `json:"since,omitempty" doc:"Events accepted then or later. Left out: from the oldest that is kept."`
	Until      *time.Time `json:"until,omitempty" doc:"Events accepted before. Left out: until now."`
	EventTypes []string   `json:"eventTypes,omitempty" nullable:"false" doc:"Narrows the subscription's own types."`
	Only       []string   `json:"only,omitempty" nullable:"false" enum:"failed,missed" doc:"failed: deliveries that failed; missed: those that were cancelled or never made while it was disabled. Left out: all events."`
	Rate       float64    `json:"rate,omitempty" minimum:"0" doc:"Deliveries a second; 0 for as fast as it goes."`
	DryRun     bool       `json:"dryRun,omitempty" doc:"Count, and deliver nothing."`
}

const (
	// maxRate is far above what goes.
	maxRate = 1e6
	// JetStream finds places by nanoseconds since 1970, in 64 bits.
	firstYear, lastYear = 1970, 2261
	// maxTypes bounds what each event is held against.
	maxTypes = 100
)

// check also puts the times into the record.
func (q *ReplayRequest) check(record *posthastev1.Replay) error {
	var f rest.Faults
	record.Since, record.Until = readTime("since", q.Since, &f), readTime("until", q.Until, &f)
	if q.Since != nil && q.Until != nil && !q.Since.Before(*q.Until) {
		f.Add("until", "must be later than since")
	}
	q.checkTypes(&f)
	q.checkOnly(&f)
	if math.IsNaN(q.Rate) || q.Rate < 0 || q.Rate > maxRate {
		f.Add("rate", "must be 0 (no limit) to %.0f deliveries a second", maxRate)
	}
	return f.Err()
}

// readTime is nil for no time.
func readTime(field string, at *time.Time, f *rest.Faults) *timestamppb.Timestamp {
	if at == nil {
		return nil
	}
	if year := at.UTC().Year(); year < firstYear || year > lastYear {
		f.Add(field, "must lie in the years %d to %d UTC; leave it out for no bound", firstYear, lastYear)
	}
	return timestamppb.New(*at)
}

func (q *ReplayRequest) checkTypes(f *rest.Faults) {
	if len(q.EventTypes) > maxTypes {
		f.Add("eventTypes", "must have at most %d entries, has %d", maxTypes, len(q.EventTypes))
		return
	}
	for i, t := range q.EventTypes {
		if err := subscription.CheckPattern(t); err != nil {
			f.Add(fmt.Sprintf("eventTypes[%d]", i), "%s", err)
		}
	}
}

func (q *ReplayRequest) checkOnly(f *rest.Faults) {
	for i, only := range q.Only {
		field := fmt.Sprintf("only[%d]", i)
		if only != replay.OnlyFailed && only != replay.OnlyMissed {
			f.Add(field, "must be %q or %q, is %.64q", replay.OnlyFailed, replay.OnlyMissed, only)
		} else if first := slices.Index(q.Only, only); first < i {
			f.Add(field, "is the same as only[%d]", first)
			return // of two values there are no more
		}
	}
}
