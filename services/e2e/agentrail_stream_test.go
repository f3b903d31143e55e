package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// railEvent is an event as the contract has it: of a delivery and of a stream.
type railEvent struct {
	ID          string          `json:"id"`
	Type        string          `json:"type"`
	OccurredAt  time.Time       `json:"occurredAt"`
	Sequence    int64           `json:"sequence"`
	TaskVersion int64           `json:"taskVersion"`
	TraceID     string          `json:"traceId"`
	Data        json.RawMessage `json:"data"`
}

// readRailEvent refuses members that the contract does not have.
func readRailEvent(t *testing.T, text []byte) railEvent {
	t.Helper()
	e := railEvent{}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil || e.ID == "" || e.OccurredAt.IsZero() || e.Sequence < 1 || !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(e.TraceID) {
		t.Errorf("the event is %s: %v", text, err)
	}
	return e
}

// The stream has the wanted events as they come, and keeps alive.
func TestAgentRailContractStream(t *testing.T) {
	a := join(t)
	r := railOf(a)
	s := r.stream(t, "eventTypes=rail.first,rail.second&heartbeatSeconds=1", "")
	if f := s.next(t); f.comment != "keepalive" {
		t.Errorf("a silent stream has %+v", f)
	}
	ids := []string{a.emit(t, "rail.first", `{"taskId":"t1","taskVersion":7}`)}
	a.emit(t, "rail.unwanted", `{}`)
	ids = append(ids, a.emit(t, "rail.second", `{}`))
	last := int64(0)
	for i, name := range []string{"rail.first", "rail.second"} {
		f := s.nextEvent(t)
		e := readRailEvent(t, []byte(f.data))
		if f.event != name || f.id != strconv.FormatInt(e.Sequence, 10) || e.Type != name || e.ID != ids[i] || e.Sequence <= last {
			t.Errorf("frame %d is %+v", i+1, f)
		}
		if want := []int64{7, 1}[i]; e.TaskVersion != want {
			t.Errorf("frame %d has the task's version %d, want %d", i+1, e.TaskVersion, want)
		}
		last = e.Sequence
	}
}

// A stream goes on after its cursor, and Last-Event-ID wins over that.
func TestAgentRailContractStreamResumes(t *testing.T) {
	a := join(t)
	r := railOf(a)
	s := r.stream(t, "eventTypes=rail.resume", "")
	var ids, cursors []string
	for range 3 {
		ids = append(ids, a.emit(t, "rail.resume", `{}`))
		cursors = append(cursors, s.nextEvent(t).id)
	}
	for _, c := range []struct {
		query, last string
		want        []string
	}{
		{"&cursor=" + cursors[0], "", ids[1:]},
		{"", cursors[0], ids[1:]},
		{"&cursor=" + cursors[0], cursors[1], ids[2:]},
		{"&cursor=" + cursors[1], cursors[0], ids[1:]},
	} {
		again := r.stream(t, "eventTypes=rail.resume"+c.query, c.last)
		for _, id := range c.want {
			if e := readRailEvent(t, []byte(again.nextEvent(t).data)); e.ID != id {
				t.Errorf("after %q, %q comes %s, want %s", c.query, c.last, e.ID, id)
			}
		}
	}
}

// A cursor whose events are not kept any more is a 410.
func TestAgentRailContractExpiredCursor(t *testing.T) {
	begin(t)
	d := newDev(t)
	d.up(t)
	r := &rail{base: d.subscriptions + "/v1", key: d.key, http: d.api.http}
	for range 3 {
		d.publish(t, event{Type: "rail.old", Data: json.RawMessage(`{}`)})
	}
	js, err := jetstream.New(connect(t, d.printed(t, `NATS +(\S+)`)))
	if err != nil {
		t.Fatal(err)
	}
	events, err := js.Stream(t.Context(), "EVENTS")
	if err != nil {
		t.Fatal(err)
	}
	if err := events.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ query, last string }{{"cursor=1", ""}, {"", "1"}, {"cursor=3", "1"}} {
		res := r.open(t, c.query, c.last)
		text, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		railAnswer{res.StatusCode, res.Header, string(text)}.failed(t, http.StatusGone, "cursor_expired")
	}
	s := r.stream(t, "cursor=3", "")
	id := d.publish(t, event{Type: "rail.new", Data: json.RawMessage(`{}`)})[0]
	if e := readRailEvent(t, []byte(s.nextEvent(t).data)); e.ID != id || e.Sequence != 4 {
		t.Errorf("after the last that was kept comes %+v", e)
	}
}
