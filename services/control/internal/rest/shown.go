package rest

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// Moment is a stored time as the API shows it: in UTC and whole milliseconds.
func Moment(at *timestamppb.Timestamp) time.Time { return at.AsTime().Truncate(time.Millisecond) }

// OptionalMoment is Moment, nil where nothing is stored.
func OptionalMoment(at *timestamppb.Timestamp) *time.Time {
	if at == nil {
		return nil
	}
	t := Moment(at)
	return &t
}

// List is never null in JSON.
func List(all []string) []string {
	if all == nil {
		return []string{}
	}
	return all
}
