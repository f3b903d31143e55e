package control

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthaste/posthaste/services/control/internal/events"
	"github.com/posthaste/posthaste/services/internal/bus"
)

const log = "/v1/events"

func (h *harness) events(t *testing.T, query string) events.EventList {
	t.Helper()
	a := h.do(t, http.MethodGet, log+query, "")
	if a.Status != http.StatusOK {
		t.Fatalf("%s: %d %s", query, a.Status, a.Text)
	}
	return decoded[events.EventList](t, a.Text)
}

func TestEvents(t *testing.T) {
	t.Parallel()
	h := start(t)
	if got := h.events(t, ""); len(got.Data) != 0 || got.HasMore || got.NextCursor != "0" {
		t.Errorf("empty: %+v", got)
	}
	for i, eventType := range []string{"task.created", "task.closed", "thread.message", "task.created", "other"} {
		h.publish(t, "default", eventType, fmt.Sprint("evt_", i), `{"n": 1, "text": "<a&b>\u2028"}`)
		h.publish(t, "acme", eventType, "evt_"+mark, `null`)
	}
	for query, want := range map[string]string{
		"":                                    "0 1 2 3 4",
		"?types=task.*":                       "0 1 3",
		"?types=task.created,other":           "0 3 4",
		"?types=*":                            "0 1 2 3 4",
		"?types=nothing":                      "",
		"?after=3":                            "2 3 4",
		"?after=10":                           "",
		"?limit=2":                            "0 1",
		"?limit=1&after=1&types=task.*":       "1",
		"?after=0&types=thread.*,task.closed": "1 2",
	} {
		var got []string
		for _, e := range h.events(t, query).Data {
			got = append(got, strings.TrimPrefix(e.ID, "evt_"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", query, got, want)
		}
	}
	first := h.events(t, "?limit=1").Data[0]
	if diff := cmp.Diff(events.Event{
		ID: "evt_0", Type: "task.created", Timestamp: first.Timestamp, Tenant: "default", Sequence: 1, Data: first.Data,
	}, first); diff != "" || first.Timestamp.Format("05.000") != "00.123" || decoded[map[string]any](t, string(first.Data))["text"] != "<a&b>\u2028" {
		t.Errorf("%s, at %s, %s", diff, first.Timestamp, first.Data)
	}
	var seen []string
	cursor := ""
	for {
		page := h.events(t, "?limit=2&after="+cursor)
		for _, e := range page.Data {
			seen = append(seen, e.ID)
		}
		if cursor = page.NextCursor; !page.HasMore {
			break
		}
	}
	if len(seen) != 5 {
		t.Errorf("by pages: %v", seen)
	}
	h.publish(t, "default", "late", "evt_late", `{}`)
	if got := h.events(t, "?after="+cursor).Data; len(got) != 1 || got[0].ID != "evt_late" {
		t.Errorf("after the last cursor: %+v", got)
	}
}

func TestEventsRefuse(t *testing.T) {
	t.Parallel()
	h := start(t)
	for query, field := range map[string]string{
		"limit=0": "limit", "limit=1001": "limit", "after=x": "after", "after=-1": "after", "after=18446744073709551616": "after",
		"types=a..b": "types[0]", "types=a,b%20c": "types[1]", "types=a.*.b": "types[0]", "cursor=1": "cursor", "tenant=a.b": "tenant",
	} {
		h.do(t, http.MethodGet, log+"?"+query, "").names(t, field, "")
	}
	for query, field := range map[string]string{
		"cursor=x": "cursor", "heartbeatSeconds=0": "heartbeatSeconds", "heartbeatSeconds=301": "heartbeatSeconds", "types=a..b": "types[0]", "after=1": "after",
	} {
		h.do(t, http.MethodGet, log+"/stream?"+query, "").names(t, field, "")
	}
	h.do(t, http.MethodGet, "/v1/task-events/stream?eventTypes=a..b", "").names(t, "eventTypes[0]", "")
}

func TestExpiredCursor(t *testing.T) {
	t.Parallel()
	h := start(t)
	for i := range 3 {
		h.publish(t, "default", "a", fmt.Sprint("evt_", i), `{}`)
	}
	stream, err := h.bus.JS.Stream(t.Context(), bus.StreamEvents)
	if err == nil {
		err = stream.Purge(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		log + "?after=1", log + "?after=99", log + "?after=18446744073709551615", log + "/stream?cursor=1", "/v1/task-events/stream?cursor=1",
	} {
		h.do(t, http.MethodGet, path, "").refused(t, http.StatusGone, "cursor_expired")
	}
	a := h.as(t, call{key: adminKey}, http.MethodGet, log+"/stream?cursor=3", "", "Last-Event-ID", "1")
	a.refused(t, http.StatusGone, "cursor_expired")
	if got := h.events(t, "?after=3"); len(got.Data) != 0 {
		t.Errorf("%+v", got)
	}
}
