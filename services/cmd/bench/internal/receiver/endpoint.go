// Package receiver is the endpoints: plain HTTP servers, each on a port of its
// own, that note what comes and fare as they are told to.
package receiver

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posthaste/posthaste/services/cmd/bench/internal/load"
)

// Endpoint is one server. Safe for concurrent use, but Refuse and Listen.
type Endpoint struct {
	addr      string
	server    *http.Server
	behaviour atomic.Pointer[Behaviour]

	posts   atomic.Int64 // that came
	good    atomic.Int64 // those that were answered with 2xx
	now     atomic.Int64 // under way
	highest atomic.Int64 // of now
	last    atomic.Int64 // when the last good one came, in unix nanoseconds

	mu       sync.Mutex
	arrivals Arrivals
}

// New starts an endpoint.
func New(ctx context.Context, b Behaviour) (*Endpoint, error) {
	e := &Endpoint{addr: "127.0.0.1:0"}
	e.Behave(b)
	if err := e.Listen(ctx); err != nil {
		return nil, err
	}
	return e, nil
}

// Listen opens the endpoint's port, which stays the same.
func (e *Endpoint) Listen(ctx context.Context) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", e.addr)
	if err != nil {
		return fmt.Errorf("endpoint: %w", err)
	}
	e.addr = l.Addr().String()
	e.server = &http.Server{Handler: http.HandlerFunc(e.take), ReadHeaderTimeout: 10 * time.Second}
	go func(s *http.Server) { _ = s.Serve(l) }(e.server) // ends with Refuse
	return nil
}

// Refuse closes the port and all connections.
func (e *Endpoint) Refuse() { _ = e.server.Close() }

// Behave changes how the endpoint answers what comes from now on.
func (e *Endpoint) Behave(b Behaviour) {
	if b.Places > 0 {
		b.places = make(chan struct{}, b.Places)
	}
	e.behaviour.Store(&b)
}

// URL differs by subscription, as real endpoints do.
func (e *Endpoint) URL(i int) string { return fmt.Sprintf("http://%s/hooks/%d", e.addr, i) }

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (e *Endpoint) take(w http.ResponseWriter, req *http.Request) {
	raise(&e.highest, e.now.Add(1))
	defer e.now.Add(-1)
	e.posts.Add(1)
	buffer := buffers.Get().(*bytes.Buffer)
	buffer.Reset()
	_, err := io.Copy(buffer, req.Body)
	at := time.Now()
	made, number, ok := load.Read(buffer.Bytes())
	buffers.Put(buffer) // before the answer, which may be long in coming
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	b := e.behaviour.Load()
	if b.good() {
		if ok {
			e.note(Arrival{Number: number, At: at, Age: at.Sub(made)})
		}
		e.last.Store(at.UnixNano())
		e.good.Add(1)
	}
	b.serve(w, req)
}

func (e *Endpoint) note(a Arrival) {
	e.mu.Lock()
	e.arrivals = append(e.arrivals, a)
	e.mu.Unlock()
}

func raise(highest *atomic.Int64, n int64) {
	for seen := highest.Load(); n > seen && !highest.CompareAndSwap(seen, n); {
		seen = highest.Load()
	}
}

// Posts is how many came, Good how many of them were answered with 2xx.
func (e *Endpoint) Posts() int { return int(e.posts.Load()) }

// Good is how many were answered with 2xx.
func (e *Endpoint) Good() int { return int(e.good.Load()) }

// Last is when the last of those came.
func (e *Endpoint) Last() time.Time { return time.Unix(0, e.last.Load()) }

// Arrivals are a copy of what came and was answered well.
func (e *Endpoint) Arrivals() Arrivals {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append(Arrivals(nil), e.arrivals...)
}

// Reset forgets what came, with room for n more.
func (e *Endpoint) Reset(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.arrivals = make(Arrivals, 0, n)
	e.posts.Store(0)
	e.good.Store(0)
	e.highest.Store(e.now.Load())
}

// Highest is how many were under way at once at the most, since Reset.
func (e *Endpoint) Highest() int { return int(e.highest.Load()) }
