package control

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// createRequest is the body of a POST. Members that are null count as absent.
type createRequest struct {
	URL         string       `json:"url" format:"uri" maxLength:"2048" doc:"Where deliveries are POSTed; https, and no private address."`
	EventTypes  []string     `json:"eventTypes" minItems:"1" nullable:"false" example:"[\"task.*\"]" doc:"Exact types, prefixes (task.*), or * for all. None twice."`
	Secret      *string      `json:"secret,omitempty" doc:"whsec_ and the base64 of 24 to 64 bytes. Without it one is made, and returned in this answer only."`
	Description string       `json:"description,omitempty" doc:"For people."`
	Filters     *filters     `json:"filters,omitempty"`
	Tenant      string       `json:"tenant,omitempty" doc:"Whose it is; only an administrator's key may name another than its own."`
	Dialect     string       `json:"dialect,omitempty" enum:"standard" doc:"How deliveries look and fail."`
	RetryPolicy *retryPolicy `json:"retryPolicy,omitempty"`
}

// patchRequest is the body of a PATCH, a JSON merge patch (RFC 7396): what is
// not given stays, null resets.
type patchRequest struct {
	URL         member[string]           `json:"url,omitempty" nullable:"false" doc:"Where deliveries are POSTed."`
	EventTypes  member[[]string]         `json:"eventTypes,omitempty" nullable:"false" doc:"Replaces the event types."`
	Description member[string]           `json:"description,omitempty" doc:"null clears it."`
	Filters     member[patchFilters]     `json:"filters,omitempty" doc:"null removes all filters."`
	RetryPolicy member[patchRetryPolicy] `json:"retryPolicy,omitempty" doc:"null goes back to the dialect's."`
}

type filters struct {
	TaskIDs []string `json:"taskIds,omitempty" nullable:"false" doc:"Only events whose data.taskId is listed; empty for all events."`
}

type patchFilters struct {
	TaskIDs member[[]string] `json:"taskIds,omitempty" doc:"Replaces the task ids; null or empty lets all through."`
}

type retryPolicy struct {
	Delays []string `json:"delays,omitempty" nullable:"false" example:"[\"10s\",\"1m\",\"5m\"]" doc:"Waits before the second attempt and those after it. Left out: the dialect's."`
}

type patchRetryPolicy struct {
	Delays member[[]string] `json:"delays,omitempty" doc:"Replaces the waits; null goes back to the dialect's."`
}

// member is a member of a merge patch, which may be absent, null, or a value.
type member[T any] struct {
	given bool // it stood in the body
	null  bool
	value T
}

// UnmarshalJSONFrom reads what stands in the body.
func (m *member[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	m.given, m.null = true, dec.PeekKind() == 'n'
	return json.UnmarshalDecode(dec, &m.value)
}

// Schema is that of T, or null.
func (*member[T]) Schema(r huma.Registry) *huma.Schema {
	s := r.Schema(reflect.TypeFor[T](), true, "")
	if s.Ref != "" {
		return &huma.Schema{AnyOf: []*huma.Schema{s, {Type: "null"}}}
	}
	s.Nullable = true
	return s
}
