package eventtypes

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/catalogue"
	"github.com/posthaste/posthaste/services/internal/problem"
)

// EventTypeRequest is an event type to add or replace.
type EventTypeRequest struct {
	Name        string     `json:"name,omitempty" doc:"Such as task.claimed."`
	Description string     `json:"description,omitempty"`
	Example     rest.Value `json:"example,omitempty" doc:"data as it may look."`
	Schema      rest.Value `json:"schema,omitempty" doc:"A JSON Schema (2020-12) for data."`
	Deprecated  bool       `json:"deprecated,omitempty"`
	Sunset      string     `json:"sunset,omitempty" example:"2026-06-30" doc:"A date, or a time in RFC 3339: publishing it later warns."`
}

// PutEventTypesRequest is several.
type PutEventTypesRequest struct {
	EventTypes []EventTypeRequest `json:"eventTypes" minItems:"1" maxItems:"100" nullable:"false"`
}

// EventType is an entry of the catalogue.
type EventType struct {
	Name        string     `json:"name"`
	Description string     `json:"description"`
	Example     rest.Value `json:"example" doc:"data as it may look; null where there is none."`
	Schema      rest.Value `json:"schema" doc:"A JSON Schema for data; null where there is none."`
	Deprecated  bool       `json:"deprecated"`
	Sunset      *time.Time `json:"sunset" doc:"Publishing it later warns; null for never."`
	Source      string     `json:"source" enum:"builtin,server,tenant" doc:"builtin: of the tenant's dialect."`
}

// record is what is stored. owner is "" for the server.
func (q *EventTypeRequest) record(owner, at string) (*posthastev1.EventType, error) {
	t := &posthastev1.EventType{
		Tenant: owner, Name: q.Name, Description: q.Description, Example: q.Example, Schema: q.Schema, Deprecated: q.Deprecated,
	}
	if q.Sunset == "" {
		return t, nil
	}
	day, err := time.Parse(time.DateOnly, q.Sunset)
	if err != nil {
		day, err = time.Parse(time.RFC3339, q.Sunset)
	}
	if err != nil {
		return nil, problem.Validation(problem.Field{Field: at + "sunset", Message: "must be a date such as 2026-06-30, or a time in RFC 3339"})
	}
	t.Sunset = timestamppb.New(day)
	return t, nil
}

// sources are the layers in the API's words.
var sources = map[catalogue.Origin]string{catalogue.OfDialect: "builtin", catalogue.OfServer: "server", catalogue.OfTenant: "tenant"}

func newEventType(e catalogue.Entry) EventType {
	v := EventType{
		Name: e.GetName(), Description: e.GetDescription(), Example: value(e.GetExample()), Schema: value(e.GetSchema()),
		Deprecated: e.GetDeprecated(), Source: sources[e.Origin],
	}
	if e.GetSunset() != nil {
		at := e.GetSunset().AsTime()
		v.Sunset = &at
	}
	return v
}

// value is null where there is nothing.
func value(text []byte) rest.Value {
	if len(text) == 0 {
		return nil
	}
	return text
}

func newList(entries []catalogue.Entry) EventTypeList {
	list := EventTypeList{Data: make([]EventType, len(entries))}
	for i, e := range entries {
		list.Data[i] = newEventType(e)
	}
	return list
}
