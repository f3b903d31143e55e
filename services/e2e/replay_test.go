package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// A control that is killed in the middle of a replay leaves it to its
// successor: every event arrives once.
func TestControlKilledInTheMiddleOfAReplay(t *testing.T) {
	begin(t)
	const events = 1000
	s := startStack(t, plan{settings: env{
		"POSTHASTE_HISTORY_FILE": filepath.Join(t.TempDir(), "history.db"),
		"POSTHASTE_REPLAY_BATCH": "20", "POSTHASTE_REPLAY_LEASE": "2s",
	}})
	ids := s.publishOld(t, events)
	e := receive(t, nil)
	sub := s.subscribe(t, e, wish{types: []string{"replayed.*"}})

	path := s.subscriptions + "/v1/event-subscriptions/" + sub.ID + "/replay"
	id := replayOf(t, s.must(t, http.StatusAccepted, http.MethodPost, path, []byte(`{"eventTypes":["replayed.old"],"rate":500}`))).ID
	eventually(t, "a part of the replay", func() bool { return e.count() > events/5 }, nil)
	s.control.kill(t)
	before := e.count()
	s.control = s.run(t, "control", "again", env{"POSTHASTE_ADDR": strings.TrimPrefix(s.subscriptions, "http://")})
	s.control.awaitReady(t)

	var last replay
	eventually(t, "the end of the replay", func() bool {
		last = replayOf(t, s.must(t, http.StatusOK, http.MethodGet, s.subscriptions+"/v1/replays/"+id, nil))
		return last.Status == "done"
	}, func() string { return fmt.Sprintf("%+v", last) })
	repeats := e.awaitAll(t, ids)
	s.awaitIdle(t)
	t.Logf("killed after %d of %d; %d arrived twice", before, events, repeats)
	if last.Delivered != events || repeats != 0 || e.repeats() != 0 {
		t.Errorf("%+v, %d repeats; want every event once", last, e.repeats())
	}
}

// publishOld publishes events, and returns when the router has found that nobody
// wants them.
func (s *stack) publishOld(t *testing.T, n int) (ids []string) {
	t.Helper()
	all := make([]event, n)
	for i := range all {
		all[i] = event{Type: "replayed.old", Data: json.RawMessage(fmt.Sprintf(`{"n":%d}`, i))}
	}
	ids = s.publish(t, all...)
	eventually(t, "the router to be done", func() bool { return s.routers[0].metric(t, eventsMetric) >= float64(n) }, nil)
	return ids
}

type replay struct {
	ID, Status string
	Delivered  int
}

func replayOf(t *testing.T, answer []byte) replay {
	t.Helper()
	var v struct{ Data replay }
	decode(t, answer, &v)
	return v.Data
}
