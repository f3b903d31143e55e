// Package events is GET /v1/events and the streams: what a tenant's events were,
// and what they are as they come.
package events

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/eventlog"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

const (
	collection = "/v1/events"
	// taskStream is where AgentRail's clients stream from.
	taskStream   = "/v1/task-events/stream"
	defaultLimit = 100
	// taskDialect shapes the events of taskStream.
	taskDialect = "agentrail"
	// codeCursorExpired is that of a 410.
	codeCursorExpired = "cursor_expired"
)

// Resource is the resource.
type Resource struct {
	cfg      Config
	api      rest.Config
	log      *eventlog.Log
	dialects *dialect.Set
	open     openStreams
}

// New makes the resource.
func New(cfg Config, api rest.Config, log *eventlog.Log, dialects *dialect.Set) *Resource {
	return &Resource{cfg: cfg, api: api, log: log, dialects: dialects}
}

// Register puts the operations on the API.
func (r *Resource) Register(a *rest.API) {
	operation := func(id, path, summary string, further ...int) rest.Operation {
		return rest.Operation{ID: id, Tag: "events", Scope: auth.EventsRead, Method: http.MethodGet, Path: path, Summary: summary, Further: append(further, http.StatusGone)}
	}
	rest.Handle(a, operation("list-events", collection, "List events in the order in which they were accepted"), r.list)
	rest.Stream(a, operation("stream-events", collection+"/stream", "Stream events as they come (server-sent events)", http.StatusTooManyRequests), r.stream)
	rest.Stream(a, operation("stream-task-events", taskStream, "Stream events as they come, as AgentRail's clients read them (server-sent events)", http.StatusTooManyRequests), r.streamTasks)
}

type listInput struct {
	Tenant string   `query:"tenant" doc:"Whose; an operator's key may name any."`
	Types  []string `query:"types" doc:"Exact types and prefixes (task.*), with commas between."`
	After  string   `query:"after" doc:"The nextCursor of the page before, or the sequence of an event. Left out: from the oldest that is kept."`
	Limit  int      `query:"limit" minimum:"1" maximum:"1000" doc:"100 where it is left out."`
}

type listOutput struct{ Body EventList }

// EventList is a page of events.
type EventList struct {
	Data       []Event `json:"data" nullable:"false"`
	NextCursor string  `json:"nextCursor" doc:"Ask with it for what comes after, also where there is nothing yet."`
	HasMore    bool    `json:"hasMore" doc:"There is something after it."`
}

func (r *Resource) list(ctx context.Context, in *listInput) (*listOutput, error) {
	wanted, err := readRange(ctx, in.Tenant, in.Types, in.After, "after")
	if err != nil {
		return nil, err
	}
	limit := in.Limit
	if limit == 0 {
		limit = defaultLimit
	}
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	entries, next, more, err := r.log.Page(ctx, wanted, limit)
	if err != nil {
		return nil, expired(err)
	}
	out := &listOutput{Body: EventList{Data: make([]Event, len(entries)), NextCursor: strconv.FormatUint(next, 10), HasMore: more}}
	for i, entry := range entries {
		out.Body.Data[i] = newEvent(entry)
	}
	return out, nil
}

// readRange reads what the streams and the list have in common. The cursor is
// that of the field.
func readRange(ctx context.Context, tenantName string, types []string, cursor, field string) (eventlog.Range, error) {
	owner, err := rest.Tenant(ctx, tenantName)
	if err != nil {
		return eventlog.Range{}, err
	}
	var f rest.Faults
	for i, t := range types {
		if err := subscription.CheckPattern(t); err != nil {
			f.Add("types["+strconv.Itoa(i)+"]", "%s", err)
		}
	}
	wanted := eventlog.Range{Tenant: owner, Types: types}
	if cursor != "" {
		if wanted.After, err = strconv.ParseUint(cursor, 10, 64); err != nil {
			f.Add(field, "must be the nextCursor of a page, or the id of a streamed event")
		}
	}
	return wanted, f.Err()
}

// expired gives the cursor that lies before what is kept its answer.
func expired(err error) error {
	if errors.Is(err, eventlog.ErrExpired) {
		return &problem.Error{
			Status: http.StatusGone, Code: codeCursorExpired,
			Message: "The cursor has expired: events after it are not kept any more (events-max-age), or none has its place. Begin again without a cursor.",
		}
	}
	return err
}

// Event is an event as it was published.
type Event struct {
	ID         string            `json:"id"`
	Type       string            `json:"type"`
	Timestamp  time.Time         `json:"timestamp"`
	Data       rest.Value        `json:"data"`
	Tenant     string            `json:"tenant"`
	Source     string            `json:"source,omitempty" doc:"Of events that came as CloudEvents."`
	Attributes map[string]string `json:"attributes,omitempty" doc:"Further attributes of events that came as CloudEvents."`
	Sequence   uint64            `json:"sequence" doc:"Rises in the order in which events were accepted; a cursor."`
}

func newEvent(entry eventlog.Entry) Event {
	e := entry.Event
	return Event{
		ID: e.GetId(), Type: e.GetType(), Timestamp: e.GetTime().AsTime(), Data: e.GetData(), Tenant: e.GetTenant(),
		Source: e.GetSource(), Attributes: e.GetAttributes(), Sequence: entry.Sequence,
	}
}
