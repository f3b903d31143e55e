package ingest

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/testbed"
)

// Clients that send again what was answered 503, with the same ids, end with
// every event stored once, whenever the server went away in between.
func TestNATSDiesUnderLoad(t *testing.T) {
	t.Parallel()
	h := newHarness(t, func(c *configs) { c.PublishTimeout = 300 * time.Millisecond })
	const clients, requests = 8, 25
	var taken atomic.Int32
	send := func(id string) bool {
		switch r := h.post(fmt.Sprintf(`[{"id":%q,"type":"a","data":1},{"id":"%s-b","type":"a","data":1}]`, id, id)); r.status {
		case http.StatusAccepted:
			taken.Add(1)
			return true
		default:
			r.wantAway(t, fmt.Sprintf(`%q,"%s-b"`, id, id))
			return false
		}
	}
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for i := range requests {
				id := fmt.Sprintf("%d-%d", client, i)
				testbed.Eventually(t, id+" is accepted", func() bool { return send(id) })
			}
		})
	}
	testbed.Eventually(t, "some are accepted", func() bool { return taken.Load() > clients*requests/4 })
	h.nats.Restart(t)
	all.Wait()
	testbed.Eventually(t, "the connection is back", h.bus.Connected)
	if got, want := h.count(), 2*clients*requests; got != want {
		t.Errorf("%d events are stored, want %d", got, want)
	}
}
