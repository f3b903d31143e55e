package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// load is a producer that sends batches until it is told to stop.
type load struct {
	api *api
	pace
	stopped, done chan struct{}

	mu       sync.Mutex
	sent     map[string]time.Time // when the event was accepted at the latest
	accepted []string             // answered 202
	refused  int                  // batches answered 503
}

// pace says what is sent how fast.
type pace struct {
	eventType string
	batch     int
	every     time.Duration
}

// startLoad sends until stop, or the test's end.
func startLoad(t *testing.T, a *api, p pace) *load {
	t.Helper()
	l := &load{api: a, pace: p, stopped: make(chan struct{}), done: make(chan struct{}), sent: make(map[string]time.Time)}
	go l.run(t)
	t.Cleanup(func() { l.stop() })
	return l
}

func (l *load) run(t *testing.T) {
	t.Helper()
	defer close(l.done)
	ticker := time.NewTicker(l.every)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-l.stopped:
			return
		case <-ticker.C:
			l.send(t, n)
		}
	}
}

func (l *load) send(t *testing.T, n int) {
	t.Helper()
	events, ids := make([]event, l.batch), make([]string, l.batch)
	for i := range events {
		ids[i] = fmt.Sprintf("%s-%06d", l.eventType, n*l.batch+i)
		events[i] = event{ID: ids[i], Type: l.eventType, Data: json.RawMessage(fmt.Sprintf(`{"n": %d}`, n*l.batch+i))}
	}
	body, err := json.Marshal(events)
	if err != nil {
		t.Error(err)
		return
	}
	r, err := l.api.call(t, http.MethodPost, l.api.events+"/v1/events", "application/json", body)
	switch {
	case err != nil:
		t.Errorf("ingest does not answer: %v", err)
	case r.status == http.StatusAccepted:
		l.took(ids)
	case r.status == http.StatusServiceUnavailable:
		l.mu.Lock()
		l.refused++
		l.mu.Unlock()
		checkRefusal(t, r, ids)
	default:
		t.Errorf("ingest answers %d: %s", r.status, r.body)
	}
}

func (l *load) took(ids []string) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.accepted = append(l.accepted, ids...)
	for _, id := range ids {
		l.sent[id] = now
	}
}

// checkRefusal holds for every 503: when to come back, and with which ids.
func checkRefusal(t *testing.T, r reply, ids []string) {
	t.Helper()
	var body struct {
		Error struct {
			Code    string `json:"code"`
			Details struct {
				IDs []string `json:"ids"`
			} `json:"details"`
		} `json:"error"`
	}
	if err := json.Unmarshal(r.body, &body); err != nil {
		t.Errorf("503 with %s: %v", r.body, err)
	}
	if r.header.Get("Retry-After") == "" || body.Error.Code != "unavailable" || !slices.Equal(body.Error.Details.IDs, ids) {
		t.Errorf("503 with Retry-After %q, code %q, ids %v; want those of %v",
			r.header.Get("Retry-After"), body.Error.Code, body.Error.Details.IDs, ids)
	}
}

// counts are the events accepted and the batches refused so far.
func (l *load) counts() (accepted, refused int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.accepted), l.refused
}

// stop returns the ids that were accepted. It may be called again.
func (l *load) stop() []string {
	l.mu.Lock()
	select {
	case <-l.stopped:
	default:
		close(l.stopped)
	}
	l.mu.Unlock()
	<-l.done
	return l.accepted
}

// awaitAccepted returns when so many events were accepted.
func (l *load) awaitAccepted(t *testing.T, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d events to be accepted", n), func() bool {
		accepted, _ := l.counts()
		return accepted >= n
	}, nil)
}
