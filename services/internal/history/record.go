package history

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// ErrRecord is a record that the history cannot hold. It never can.
var ErrRecord = errors.New("unusable record")

const (
	// maxName bounds the ids and the type in a record, in bytes. PostgreSQL
	// indexes no more than 2,700 of a row.
	maxName = 512
	// maxText bounds the URL and the error, of which the history keeps no more.
	maxText = 8 << 10
)

// record is an attempt on its way into the history, or as read from it.
type record struct {
	Attempt
	deliveryID string
	madeAt     time.Time // when its round was made
	size       int64     // about what it takes in the database
}

// key tells the attempts of a delivery apart.
type key struct {
	round  string
	number int
}

func (r *record) key() key { return key{r.Round, r.Number} }

// Check says why the record cannot be held, if so: an ErrRecord.
func Check(a *posthastev1.Attempt) error {
	for _, f := range []struct {
		name, value string
		optional    bool
	}{
		{name: "delivery_id", value: a.GetDeliveryId()},
		{name: "tenant", value: a.GetTenant()},
		{name: "subscription_id", value: a.GetSubscriptionId()},
		{name: "event_id", value: a.GetEventId()},
		{name: "event_type", value: a.GetEventType(), optional: true},
		{name: "round", value: a.GetRound(), optional: true},
	} {
		switch {
		case f.value == "" && !f.optional:
			return fmt.Errorf("%w: %s is empty", ErrRecord, f.name)
		case len(f.value) > maxName:
			return fmt.Errorf("%w: %s has %d bytes, at most %d are kept", ErrRecord, f.name, len(f.value), maxName)
		case strings.ContainsRune(f.value, 0):
			return fmt.Errorf("%w: %s holds a zero byte", ErrRecord, f.name)
		}
	}
	if err := a.GetStartedAt().CheckValid(); err != nil {
		return fmt.Errorf("%w: started_at: %w", ErrRecord, err)
	}
	for name, t := range map[string]*timestamppb.Timestamp{"next_at": a.GetNextAt(), "created_at": a.GetCreatedAt()} {
		if t != nil && !t.IsValid() {
			return fmt.Errorf("%w: %s is no time", ErrRecord, name)
		}
	}
	return nil
}

// read makes a record of what was checked.
func read(a *posthastev1.Attempt) *record {
	started := at(a.GetStartedAt())
	r := &record{
		Attempt: Attempt{
			Round:          a.GetRound(),
			Number:         int(a.GetNumber()),
			Note:           note(a),
			StartedAt:      started,
			Latency:        a.GetLatency().AsDuration().Truncate(time.Microsecond),
			NextAt:         at(a.GetNextAt()),
			ResponseStatus: int(a.GetStatus()),
			Outcome:        outcome(a.GetOutcome()),
			Reason:         text(a.GetReason()),
			Error:          text(a.GetError()),
			URL:            text(a.GetUrl()),
			RequestHeader:  a.GetRequestHeader(),
			Answer:         a.GetAnswer(),
		},
		deliveryID: a.GetDeliveryId(),
		madeAt:     started,
	}
	if made := at(a.GetCreatedAt()); !made.IsZero() {
		r.madeAt = made
	}
	r.size = r.weigh()
	return r
}

// note says whether nothing was POSTed.
func note(a *posthastev1.Attempt) bool {
	return a.GetStatus() == 0 && a.GetUrl() == "" && a.GetLatency() == nil &&
		a.GetOutcome() != posthastev1.Outcome_OUTCOME_UNSPECIFIED
}

func outcome(o posthastev1.Outcome) string {
	switch o {
	case posthastev1.Outcome_OUTCOME_DELIVERED:
		return StatusDelivered
	case posthastev1.Outcome_OUTCOME_FAILED:
		return StatusFailed
	case posthastev1.Outcome_OUTCOME_CANCELLED:
		return StatusCancelled
	default:
		return ""
	}
}

// at gives the time as the database does.
func at(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return moment(t.AsTime().UnixMicro())
}

// text cuts what an endpoint may have lengthened, and takes out the zero bytes
// that PostgreSQL refuses.
func text(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), maxText)], "")
	return strings.ReplaceAll(s, "\x00", "\uFFFD")
}

// place is a sequence as the databases can hold it.
func place(sequence uint64) uint64 { return min(sequence, math.MaxInt64) }
