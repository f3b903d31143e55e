package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	official "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// endpoint receives deliveries, verifies each with the official library, and
// answers as it is told.
type endpoint struct {
	server *httptest.Server
	probes atomic.Int64 // how many have arrived
	busy   atomic.Int64 // POSTs that are not answered yet

	mu       sync.Mutex
	verifier *official.Webhook
	answer   answer
	arrivals []arrival
	times    map[string]int // by webhook-id
}

// answer writes the answer to a POST. Not writing is a 200.
type answer func(w http.ResponseWriter, a arrival)

// arrival is one POST.
type arrival struct {
	at     time.Time
	id     string // webhook-id
	nth    int    // of that webhook-id, from 1
	header http.Header
	proto  int
	body   []byte
	event  struct {
		ID   string          `json:"id"`
		Type string          `json:"type"`
		Data json.RawMessage `json:"data"`
	}
}

// receive opens an endpoint. answer nil takes everything.
func receive(t *testing.T, a answer) *endpoint {
	t.Helper()
	e := newEndpoint(a)
	e.server = httptest.NewServer(e.handler(t))
	t.Cleanup(e.server.Close)
	return e
}

func newEndpoint(a answer) *endpoint { return &endpoint{answer: a, times: make(map[string]int)} }

func (e *endpoint) url() string { return e.server.URL + "/hooks" }

func (e *endpoint) trust(t *testing.T, secret string) {
	t.Helper()
	verifier, err := official.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.verifier = verifier
}

// become changes the answers.
func (e *endpoint) become(a answer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answer = a
}

func (e *endpoint) handler(t *testing.T) http.Handler {
	t.Helper()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.busy.Add(1)
		defer e.busy.Add(-1)
		a := arrival{at: time.Now(), id: r.Header.Get("webhook-id"), header: r.Header.Clone(), proto: r.ProtoMajor}
		var err error
		if a.body, err = io.ReadAll(r.Body); err != nil {
			return // the sender was killed
		}
		if err := e.verify(r.Header, a.body); err != nil {
			t.Errorf("POST %s %s is not verified: %v", r.URL, a.body, err)
		}
		if err := json.Unmarshal(a.body, &a.event); err != nil {
			t.Errorf("body %s: %v", a.body, err)
		}
		if a.event.Type == probeType {
			e.probes.Add(1)
			return
		}
		if answer := e.keep(&a); answer != nil {
			answer(w, a)
		}
	})
}

func (e *endpoint) verify(h http.Header, body []byte) error {
	e.mu.Lock()
	verifier := e.verifier
	e.mu.Unlock()
	return verifier.Verify(body, h)
}

func (e *endpoint) keep(a *arrival) answer {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.times[a.id]++
	a.nth = e.times[a.id]
	e.arrivals = append(e.arrivals, *a)
	return e.answer
}
