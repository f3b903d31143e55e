package dispatcher

import "sync"

// hands holds the places in DELIVERIES of what this dispatcher works on. A
// message that waited here longer than AckWait is handed out again, and may
// come to the same dispatcher: that copy is nothing new. Acks go by the place,
// so the first copy's ack is for both.
type hands struct {
	mu   sync.Mutex
	held map[uint64]struct{}
}

// take is false for what is held already.
func (h *hands) take(sequence uint64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.held[sequence]; ok {
		return false
	}
	if h.held == nil {
		h.held = make(map[uint64]struct{})
	}
	h.held[sequence] = struct{}{}
	return true
}

func (h *hands) release(sequence uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.held, sequence)
}
