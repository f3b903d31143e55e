package notify

import (
	"sync"
	"time"
)

// memory holds which receivers have taken which notice, for long enough that
// neither a retry nor a lost ack makes them take it again. Safe for concurrent
// use.
type memory struct {
	mu    sync.Mutex
	known map[key]*record
	swept time.Time
}

// key names a notice. A subscription may be disabled many times.
type key struct {
	tenant, id string
	at         int64 // Unix nanoseconds
}

type record struct {
	sent map[*receiver]bool
	used time.Time
}

const (
	// rememberFor is longer than any pause between two tries.
	rememberFor = time.Hour
	sweepEvery  = time.Minute
)

func (n *notice) key() key { return key{n.tenant, n.id, n.at.UnixNano()} }

// has says whether r has taken the notice.
func (m *memory) has(k key, r *receiver) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.known[k]
	return known != nil && known.sent[r]
}

// took notes that r has taken the notice.
func (m *memory) took(k key, r *receiver, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep(now)
	known := m.known[k]
	if known == nil {
		known = &record{sent: map[*receiver]bool{}}
		m.known[k] = known
	}
	known.sent[r], known.used = true, now
}

func (m *memory) sweep(now time.Time) {
	if now.Sub(m.swept) < sweepEvery {
		return
	}
	m.swept = now
	for k, known := range m.known {
		if now.Sub(known.used) > rememberFor {
			delete(m.known, k)
		}
	}
}
