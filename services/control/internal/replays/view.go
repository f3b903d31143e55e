package replays

import (
	"encoding/json"
	"math"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/replay"
)

// Replay is a replay as it is.
type Replay struct {
	ID             string     `json:"id" pattern:"^rpl_"`
	SubscriptionID string     `json:"subscriptionId"`
	Tenant         string     `json:"tenant"`
	Status         string     `json:"status" enum:"running,done,cancelled,failed"`
	Since          *time.Time `json:"since"`
	Until          *time.Time `json:"until"`
	EventTypes     []string   `json:"eventTypes" nullable:"false"`
	Only           []string   `json:"only" nullable:"false"`
	Rate           float64    `json:"rate"`
	Progress       float64    `json:"progress" doc:"0 to 1."`
	Total          uint64     `json:"total" doc:"Places in the stream of events between the first and the last; events of other tenants are among them."`
	Scanned        uint64     `json:"scanned" doc:"Events of the tenant looked at so far."`
	Delivered      uint64     `json:"delivered" doc:"Deliveries made so far."`
	CreatedAt      time.Time  `json:"createdAt"`
	UpdatedAt      time.Time  `json:"updatedAt"`
	FinishedAt     *time.Time `json:"finishedAt,omitempty"`
	Error          string     `json:"error,omitempty"`
}

// ReplayAnswer is one replay.
type ReplayAnswer struct {
	Data Replay `json:"data"`
}

// ReplayList is the replays of a subscription.
type ReplayList struct {
	Data []Replay `json:"data" nullable:"false"`
}

// ReplayStarted is a replay that was begun, or the count of a dry run.
type ReplayStarted struct {
	Data ReplayOrCount `json:"data"`
}

// ReplayOrCount is one of the two.
type ReplayOrCount struct {
	replay *Replay
	count  *Count
}

// MarshalJSON writes the one that is there.
func (e ReplayOrCount) MarshalJSON() ([]byte, error) {
	if e.count != nil {
		return json.Marshal(e.count)
	}
	return json.Marshal(e.replay)
}

// Schema is that of either.
func (ReplayOrCount) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{
		r.Schema(reflect.TypeFor[Replay](), true, ""), r.Schema(reflect.TypeFor[Count](), true, "ReplayCount"),
	}}
}

// Count is what a replay would do.
type Count struct {
	Events   int  `json:"events" doc:"Deliveries that would be made."`
	Scanned  int  `json:"scanned" doc:"Events looked at."`
	Complete bool `json:"complete" doc:"false where there was no time to look at all."`
}

func newCount(c replay.Count) *Count {
	return &Count{Events: c.Events, Scanned: c.Scanned, Complete: c.Complete}
}

// statuses are those of a replay in the API's words.
var statuses = map[posthastev1.ReplayStatus]string{
	posthastev1.ReplayStatus_REPLAY_STATUS_RUNNING: "running", posthastev1.ReplayStatus_REPLAY_STATUS_DONE: "done",
	posthastev1.ReplayStatus_REPLAY_STATUS_CANCELLED: "cancelled", posthastev1.ReplayStatus_REPLAY_STATUS_FAILED: "failed",
}

func newReplay(pb *posthastev1.Replay) Replay {
	v := Replay{
		ID: pb.GetId(), SubscriptionID: pb.GetSubscriptionId(), Tenant: pb.GetTenant(), Status: statuses[pb.GetStatus()],
		Since: rest.OptionalMoment(pb.GetSince()), Until: rest.OptionalMoment(pb.GetUntil()), EventTypes: rest.List(pb.GetEventTypes()), Only: rest.List(pb.GetOnly()), Rate: pb.GetRate(),
		Scanned: pb.GetScanned(), Delivered: pb.GetMatched(), FinishedAt: rest.OptionalMoment(pb.GetFinishedAt()), Error: pb.GetError(),
		CreatedAt: rest.Moment(pb.GetCreatedAt()), UpdatedAt: rest.Moment(pb.GetUpdatedAt()),
	}
	v.Total, v.Progress = progress(pb)
	return v
}

func progress(pb *posthastev1.Replay) (total uint64, part float64) {
	first, last, next := pb.GetFirstSequence(), pb.GetLastSequence(), pb.GetNextSequence()
	if last < first || pb.GetStatus() == posthastev1.ReplayStatus_REPLAY_STATUS_DONE {
		part = 1
	}
	if last < first {
		return 0, part
	}
	total = last - first + 1
	if part == 0 && next > first {
		part = math.Min(1, float64(next-first)/float64(total))
	}
	return total, part
}
