package ingest

import (
	"context"
	"sync"
	"time"
)

// warn logs each type, but none twice within a minute.
func (s *Service) warn(ctx context.Context, n *notices) {
	for key, message := range n.types {
		if s.said.may(key, s.now()) {
			s.log.WarnContext(ctx, "events of a type are published that is on its way out", "tenant", key.tenant, "type", key.name, "warning", message)
		}
	}
}

const (
	// sayAgain is how long a type that was logged is passed over.
	sayAgain = time.Minute
	// maxSaid bounds the types remembered. Past it the log stays silent for
	// those that are new until others are forgotten.
	maxSaid = 10000
)

// said remembers when a type was logged. The zero value is ready.
type said struct {
	mu   sync.Mutex
	last map[typeOf]time.Time
}

func (s *said) may(key typeOf, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last, ok := s.last[key]; ok && now.Sub(last) < sayAgain {
		return false
	}
	if s.last == nil {
		s.last = make(map[typeOf]time.Time)
	}
	if len(s.last) >= maxSaid {
		s.forget(now)
	}
	if len(s.last) >= maxSaid {
		return false
	}
	s.last[key] = now
	return true
}

func (s *said) forget(now time.Time) {
	for key, last := range s.last {
		if now.Sub(last) >= sayAgain {
			delete(s.last, key)
		}
	}
}
