package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	official "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// arrival is what came of one payload.
type arrival struct {
	eventType string
	data      json.RawMessage
	times     int
}

// receiver is the endpoint. Every delivery is verified before it counts.
type receiver struct {
	listener net.Listener
	server   *http.Server
	verifier *official.Webhook
	changed  chan struct{}

	mu       sync.Mutex
	arrivals map[string]arrival // by the payload's id
}

// listen opens the endpoint, which trusts the secret.
func listen(ctx context.Context, secret string) (*receiver, error) {
	verifier, err := official.NewWebhook(secret)
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open endpoint: %w", err)
	}
	r := &receiver{listener: listener, verifier: verifier, changed: make(chan struct{}, 1), arrivals: make(map[string]arrival)}
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = r.server.Serve(listener) }() // until close
	return r, nil
}

func (r *receiver) url() string { return "http://" + r.listener.Addr().String() + "/github" }

func (r *receiver) close() { _ = r.server.Close() }

const maxBody = 1 << 20 // bytes

// ServeHTTP takes a delivery.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if err := r.take(req.Header, body); err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	select {
	case r.changed <- struct{}{}:
	default: // somebody will look anyway
	}
}

func (r *receiver) take(header http.Header, body []byte) error {
	if err := r.verifier.Verify(body, header); err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	var e struct {
		ID   string          `json:"id"`
		Type string          `json:"type"`
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	id := e.ID[:max(0, strings.LastIndexByte(e.ID, '_'))] // without the run
	r.arrivals[id] = arrival{e.Type, e.Data, r.arrivals[id].times + 1}
	return nil
}

// await returns what has arrived when n payloads have, or after the wait.
func (r *receiver) await(ctx context.Context, n int, wait time.Duration) map[string]arrival {
	over := time.NewTimer(wait)
	defer over.Stop()
	for r.count() < n {
		select {
		case <-r.changed:
			continue
		case <-over.C:
		case <-ctx.Done():
		}
		break
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.arrivals
}

func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.arrivals)
}
