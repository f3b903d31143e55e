package ingest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

const tellsIDs = `{"error":{"code":"unavailable","message":"JetStream did not take all of the events. Send them again with these ids.","details":{"ids":[%s]}}}`

// wantAway fails unless r is a 503 with the ids, quoted and with commas.
func (r reply) wantAway(t *testing.T, ids string) {
	t.Helper()
	r.want(t, http.StatusServiceUnavailable, fmt.Sprintf(tellsIDs, ids))
	if got := r.header.Get("Retry-After"); got != "1" {
		t.Errorf("Retry-After %q, want 1", got)
	}
}

func TestNATSAway(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.post(`{"id":"a","type":"a","data":1}`).want(t, http.StatusAccepted, `{"data":[{"id":"a","duplicate":false}]}`)
	h.nats.Stop()
	testbed.Eventually(t, "the connection is lost", func() bool { return !h.bus.Connected() })
	const body = `[{"id":"a","type":"a","data":1},{"id":"b","type":"a","data":1}]`
	h.post(body).wantAway(t, `"a","b"`)

	r := h.post(`{"type":"a","data":1}`)
	var made struct {
		Error struct{ Details struct{ IDs []string } }
	}
	if err := json.Unmarshal([]byte(r.body), &made); err != nil || len(made.Error.Details.IDs) != 1 || !strings.HasPrefix(made.Error.Details.IDs[0], "evt_") {
		t.Errorf("no id was made for the event: %s", r.body)
	}
	h.post(`{"id":"a"}`).want(t, http.StatusBadRequest, invalid("type", "is required")) // a bad event is bad at any time

	h.nats.Start(t)
	testbed.Eventually(t, "the connection is back", h.bus.Connected)
	h.post(body).want(t, http.StatusAccepted, `{"data":[{"id":"a","duplicate":true},{"id":"b","duplicate":false}]}`)
	if got := h.count(); got != 2 {
		t.Errorf("%d events are stored, want 2", got)
	}
}

func TestStreamGone(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	if err := h.bus.JS.DeleteStream(t.Context(), bus.StreamEvents); err != nil {
		t.Fatal(err)
	}
	h.post(`{"id":"a","type":"a","data":1}`).wantAway(t, `"a"`)
}

// Part of an array is stored when the stream fills up. Once there is room,
// sending it again with the ids of the answer repeats nothing.
func TestStreamFull(t *testing.T) {
	t.Parallel()
	const limit = 5000
	h := newHarness(t, func(c *configs) { c.bus.EventsMaxBytes = limit })
	array := func(ids []string) string {
		events := make([]string, len(ids))
		for i, id := range ids {
			events[i] = fmt.Sprintf(`{"id":%q,"type":"a","data":%q}`, id, strings.Repeat("x", 1000))
		}
		return "[" + strings.Join(events, ",") + "]"
	}
	names := strings.Split("abcdefghij", "")
	h.post(array(names)).wantAway(t, `"`+strings.Join(names, `","`)+`"`)
	part := h.count()
	if part == 0 || part == len(names) {
		t.Fatalf("%d of %d events are stored; the test wants a part", part, len(names))
	}
	if log := h.seen.String(); !strings.Contains(log, "maximum bytes exceeded") || !strings.Contains(log, "status=503") {
		t.Errorf("the log does not say why: %s", log)
	}
	h.post(array(names)).wantAway(t, `"`+strings.Join(names, `","`)+`"`) // still full, and nothing is stored twice
	if got := h.count(); got != part {
		t.Errorf("%d events are stored, want %d as before", got, part)
	}

	config := h.stream().CachedInfo().Config
	config.MaxBytes = 100 * limit
	if _, err := h.bus.JS.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	r := h.post(array(names))
	var answer accepted
	if err := json.Unmarshal([]byte(r.body), &answer); err != nil || r.status != http.StatusAccepted {
		t.Fatalf("answer %d %s: %v", r.status, r.body, err)
	}
	duplicates := 0
	for _, e := range answer.Data {
		if e.Duplicate {
			duplicates++
		}
	}
	if got := h.count(); got != len(names) || duplicates != part {
		t.Errorf("%d events are stored and %d were duplicates, want %d and %d", got, duplicates, len(names), part)
	}
}

// What the client does not need to know stays in our log.
func TestCauseStaysInside(t *testing.T) {
	t.Parallel()
	h := newHarness(t, func(c *configs) { c.bus.EventsMaxBytes = 200 })
	r := h.post(`{"id":"a","type":"a","data":"` + strings.Repeat("x", 1000) + `"}`)
	r.wantAway(t, `"a"`)
	if strings.Contains(r.body, "maximum bytes") {
		t.Error("the answer holds the server's words")
	}
}
