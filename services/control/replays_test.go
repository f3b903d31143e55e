package control

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/services/control/internal/replays"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

func (h *harness) replayed(t *testing.T, a answer, status int) replays.Replay {
	t.Helper()
	if a.Status != status {
		t.Fatalf("%d %s, want %d", a.Status, a.Text, status)
	}
	return decoded[struct{ Data replays.Replay }](t, a.Text).Data
}

func TestReplay(t *testing.T) {
	t.Parallel()
	h := start(t)
	path := collection + "/" + h.created(t, valid).ID
	for i := range 4 {
		h.publish(t, "default", []string{"task.a", "task.b", "other"}[i%3], fmt.Sprint("evt_", i), `{}`)
	}
	for body, want := range map[string]string{
		`{"dryRun":true}`:                                `{"events":3,"scanned":3,"complete":true}`,
		`{"dryRun":true,"eventTypes":["task.b"]}`:        `{"events":1,"scanned":1,"complete":true}`,
		`{"dryRun":true,"eventTypes":["other"]}`:         `{"events":0,"scanned":1,"complete":true}`,
		`{"dryRun":true,"until":"2020-01-01T00:00:00Z"}`: `{"events":0,"scanned":0,"complete":true}`,
		`{"dryRun":true,"since":"2261-01-01T00:00:00Z"}`: `{"events":0,"scanned":0,"complete":true}`,
		`{"dryRun":true,"only":["failed"]}`:              `{"events":0,"scanned":3,"complete":true}`,
	} {
		a := h.do(t, http.MethodPost, path+"/replay", body)
		if a.Status != http.StatusOK || strings.TrimSpace(a.Text) != `{"data":`+want+`}` {
			t.Errorf("%s: %d %s, want %s", body, a.Status, a.Text, want)
		}
	}
	if n := len(h.deliveries(t)); n != 0 {
		t.Errorf("dry runs delivered %d", n)
	}
	first := h.replayed(t, h.do(t, http.MethodPost, path+"/replay", `{"eventTypes":["task.a"]}`), http.StatusAccepted)
	if first.Status != "running" || !strings.HasPrefix(first.ID, "rpl_") || first.Total != 4 || len(first.EventTypes) != 1 || first.Only == nil {
		t.Errorf("%+v", first)
	}
	one := "/v1/replays/" + first.ID
	testbed.Eventually(t, "it is done", func() bool {
		return h.replayed(t, h.do(t, http.MethodGet, one, ""), http.StatusOK).Status == "done"
	})
	if got := h.replayed(t, h.do(t, http.MethodGet, one, ""), http.StatusOK); got.Progress != 1 || got.Delivered != 2 || got.Scanned != 2 || got.FinishedAt == nil {
		t.Errorf("%+v", got)
	}
	for _, d := range h.deliveries(t) {
		if d.GetRound() != first.ID || d.GetEvent().GetType() != "task.a" {
			t.Errorf("%+v", d)
		}
	}
	if got := h.replayed(t, h.do(t, http.MethodDelete, one, ""), http.StatusAccepted); got.Status != "done" {
		t.Errorf("cancelled after its end: %+v", got)
	}
}

func TestReplaysListAndCancel(t *testing.T) {
	t.Parallel()
	h := start(t)
	path := collection + "/" + h.created(t, valid).ID
	for i := range 50 {
		h.publish(t, "default", "task.a", fmt.Sprint("evt_", i), `{}`)
	}
	slow := h.replayed(t, h.do(t, http.MethodPost, path+"/replay", `{"rate":0.01}`), http.StatusAccepted)
	next := h.replayed(t, h.do(t, http.MethodPost, path+"/replay", `{"until":"2020-01-01T00:00:00Z"}`), http.StatusAccepted)
	var a answer
	var list []replays.Replay
	testbed.Eventually(t, "both are listed", func() bool { // one that is written just then is missed
		a = h.do(t, http.MethodGet, path+"/replays", "")
		list = decoded[replays.ReplayList](t, a.Text).Data
		return len(list) == 2
	})
	if list[0].ID != max(slow.ID, next.ID) || list[1].ID != min(slow.ID, next.ID) {
		t.Errorf("%s", a.Text)
	}
	got := h.replayed(t, h.do(t, http.MethodDelete, "/v1/replays/"+slow.ID, ""), http.StatusAccepted)
	if got.Status != "cancelled" || got.FinishedAt == nil || got.Progress == 1 {
		t.Errorf("%+v", got)
	}
	if got := h.replayed(t, h.do(t, http.MethodGet, "/v1/replays/"+slow.ID, ""), http.StatusOK); got.Status != "cancelled" {
		t.Errorf("%+v", got)
	}
	if a := h.do(t, http.MethodGet, collection+"/"+h.created(t, valid).ID+"/replays", ""); !strings.Contains(a.Text, `"data":[]`) {
		t.Errorf("%s", a.Text)
	}
}

func TestReplayRefuses(t *testing.T) {
	t.Parallel()
	h := start(t)
	id := h.created(t, valid).ID
	path := collection + "/" + id + "/replay"
	for _, c := range []struct{ body, field, message string }{
		{`[]`, "", "a JSON object"},
		{`{"since":"2026-01-02T00:00:00Z","until":"2026-01-02T00:00:00Z"}`, "until", "later than since"},
		{`{"since":"yesterday"}`, "since", "a time in RFC 3339"},
		{`{"since":7}`, "since", "a time in RFC 3339"},
		{`{"since":"0001-01-01T00:00:00Z"}`, "since", "years 1970 to 2261"},
		{`{"until":"9999-12-31T23:59:59-23:00"}`, "until", "years 1970 to 2261"},
		{`{"eventTypes":["a","b..c"]}`, "eventTypes[1]", "empty token"},
		{`{"eventTypes":[` + quoted(101, "a%d") + `]}`, "eventTypes", "at most 100"},
		{`{"only":["lost"]}`, "only[0]", `"failed" or "missed"`},
		{`{"only":["failed","failed"]}`, "only[1]", "is the same as only[0]"},
		{`{"rate":-1}`, "rate", "0 (no limit) to 1000000"},
		{`{"rate":1000001}`, "rate", "0 (no limit)"},
		{`{"rate":"fast"}`, "rate", "a number"},
		{`{"dryRun":1}`, "dryRun", "true or false"},
		{`{"to":1}`, "to", "unknown field"},
	} {
		h.do(t, http.MethodPost, path, c.body).names(t, c.field, c.message)
	}
	h.do(t, http.MethodPost, collection+"/"+id+"/disable", "").one(t, http.StatusOK)
	h.do(t, http.MethodPost, path, `{}`).refused(t, http.StatusConflict, "conflict")
	if a := h.do(t, http.MethodPost, path, `{"dryRun":true}`); a.Status != http.StatusOK {
		t.Errorf("a dry run of a disabled one: %d %s", a.Status, a.Text)
	}
	for _, id := range []string{"x", "rpl_", "rpl_01ARZ3NDEKTSV4RRFFQ69G5FAV", "rpl_*", "%00"} {
		for _, method := range []string{http.MethodGet, http.MethodDelete} {
			h.do(t, method, "/v1/replays/"+id, "").refused(t, http.StatusNotFound, "not_found")
		}
	}
	h.as(t, call{"tenant-acme", rest.MediaJSON}, http.MethodPost, path, `{}`).refused(t, http.StatusNotFound, "not_found")
}
