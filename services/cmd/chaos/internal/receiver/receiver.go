// Package receiver is the endpoints that deliveries go to. They verify every
// POST, answer as they are told, and keep a log of what came.
package receiver

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/ledger"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/stack"
)

// Tolerance is how far a POST's time may be off.
const Tolerance = 5 * time.Second

// Receiver is an HTTP server with one path for each of its subscriptions.
type Receiver struct {
	Name   string
	manner Manner
	server *http.Server
	addr   string
	served chan struct{}
	flaps  atomic.Bool
	skew   atomic.Int64 // of its clock

	mu        sync.Mutex
	verifiers map[string]*webhook.Verifier // by subscription
	log       []ledger.Arrival
}

// Manner is how a receiver answers while nothing is wrong: after how long, and
// with what. It may use the time since the receiver began and the event.
type Manner func(since time.Duration, e Event) (wait time.Duration, status int)

// Event is what the body says.
type Event struct {
	ID   string `json:"id"`
	Data struct {
		N      int  `json:"n"`
		Poison bool `json:"poison"`
	} `json:"data"`
}

// Open starts a receiver on a free port.
func Open(ctx context.Context, name string, manner Manner) (*Receiver, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &Receiver{
		Name: name, manner: manner, addr: l.Addr().String(), served: make(chan struct{}),
		verifiers: make(map[string]*webhook.Verifier),
	}
	begin := time.Now()
	r.server = &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.take(w, req, begin)
	})}
	go func() {
		defer close(r.served)
		_ = r.server.Serve(l) // until Close
	}()
	return r, nil
}

// Addr is its host:port.
func (r *Receiver) Addr() string { return r.addr }

// Path is where the POSTs of a subscription are to go.
func Path(subscription string) string { return "/" + subscription }

// Trust tells the secret of a subscription.
func (r *Receiver) Trust(subscription, secret string) error {
	parsed, err := webhook.ParseSecret(secret)
	if err != nil {
		return err
	}
	v, err := webhook.NewVerifier([]webhook.Secret{parsed}, webhook.WithTolerance(Tolerance),
		webhook.WithClock(func() time.Time { return time.Now().Add(time.Duration(r.skew.Load())) }))
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.verifiers[subscription] = v
	return nil
}

// Flap lets it answer 500 to all, until it is told otherwise.
func (r *Receiver) Flap(on bool) { r.flaps.Store(on) }

// Skew sets its clock so far ahead; 0 sets it right.
func (r *Receiver) Skew(d time.Duration) { r.skew.Store(int64(d)) }

// Log is what has come so far.
func (r *Receiver) Log() []ledger.Arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.log)
}

// Close ends it and all connections.
func (r *Receiver) Close() {
	_ = r.server.Close()
	<-r.served
}

const maxBody = 1 << 20

func (r *Receiver) take(w http.ResponseWriter, req *http.Request, begin time.Time) {
	at := time.Now()
	body, err := io.ReadAll(io.LimitReader(req.Body, maxBody))
	if err != nil {
		return // the sender is gone
	}
	subscription := strings.TrimPrefix(req.URL.Path, "/")
	var e Event
	bad := json.Unmarshal(body, &e)
	attempt, _ := strconv.Atoi(req.Header.Get(stack.HeaderAttempt))
	a := ledger.Arrival{Key: ledger.Key{Event: e.ID, Subscription: subscription}, Endpoint: r.Name, Attempt: attempt, At: at}
	wait, status := r.manner(at.Sub(begin), e)
	switch forged, late := r.verify(subscription, req.Header, body); {
	case bad != nil || forged:
		a.Forged, status = true, http.StatusUnauthorized
	case late:
		status = http.StatusBadRequest
	case r.flaps.Load():
		status = http.StatusInternalServerError
	}
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-req.Context().Done(): // its sender has hung up
		}
	}
	a.Status = status
	w.WriteHeader(status)
	a.Answered = time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, a)
}

// verify says whether a POST is forged, or refused for its time by a clock that
// is wrong.
func (r *Receiver) verify(subscription string, header http.Header, body []byte) (forged, late bool) {
	r.mu.Lock()
	v := r.verifiers[subscription]
	r.mu.Unlock()
	if v == nil {
		return true, false
	}
	wrong := r.skew.Load() != 0
	if err := v.Verify(header, body); err == nil {
		return false, false
	}
	wrong = wrong || r.skew.Load() != 0
	return !wrong, wrong
}
