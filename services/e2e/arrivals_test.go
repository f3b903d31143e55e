package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

// status answers everything with one status.
func status(code int) answer {
	return func(w http.ResponseWriter, _ arrival) { w.WriteHeader(code) }
}

// failing fails the first POSTs of each delivery.
func failing(first int) answer {
	return func(w http.ResponseWriter, a arrival) {
		if a.nth <= first {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}
}

// slow answers after a while.
func slow(d time.Duration) answer { return func(http.ResponseWriter, arrival) { <-time.After(d) } }

// all are the POSTs so far, without probes.
func (e *endpoint) all() []arrival {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.arrivals)
}

func (e *endpoint) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.arrivals)
}

// last is the latest POST, of which there must be one.
func (e *endpoint) last() arrival {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.arrivals[len(e.arrivals)-1]
}

// await returns the POSTs when there are n.
func (e *endpoint) await(t *testing.T, n int) []arrival {
	t.Helper()
	eventually(t, fmt.Sprintf("%d POSTs", n), func() bool { return e.count() >= n },
		func() string { return fmt.Sprintf("%d have come", e.count()) })
	return e.all()
}

// byEvent counts the POSTs of each event.
func (e *endpoint) byEvent() map[string]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	counts := make(map[string]int, len(e.arrivals))
	for _, a := range e.arrivals {
		counts[a.event.ID]++
	}
	return counts
}

// awaitAll returns when each of the events has arrived, with the repeats so
// far.
func (e *endpoint) awaitAll(t *testing.T, ids []string) (repeats int) {
	t.Helper()
	missing := func() (lost []string) {
		counts := e.byEvent()
		for _, id := range ids {
			if counts[id] == 0 {
				lost = append(lost, id)
			}
		}
		return lost
	}
	eventually(t, fmt.Sprintf("%d events", len(ids)), func() bool { return len(missing()) == 0 }, func() string {
		lost := missing()
		return fmt.Sprintf("%d are lost, such as %v", len(lost), lost[:min(3, len(lost))])
	})
	return e.repeats()
}

// repeats are the POSTs that were more than one for an event.
func (e *endpoint) repeats() (n int) {
	for _, times := range e.byEvent() {
		n += times - 1
	}
	return n
}
