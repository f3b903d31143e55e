package dispatcher

import (
	"context"
	"sync"
	"time"

	"github.com/posthaste/posthaste/services/dispatcher/internal/gate"
)

// parkedGates are those in which somebody may wait.
type parkedGates struct {
	mu    sync.Mutex
	gates map[*gate.Gate[job]]struct{}
}

func (p *parkedGates) add(g *gate.Gate[job]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gates == nil {
		p.gates = make(map[*gate.Gate[job]]struct{})
	}
	p.gates[g] = struct{}{}
}

// each does something with every gate and forgets those for which it returns
// false.
func (p *parkedGates) each(do func(*gate.Gate[job]) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for g := range p.gates {
		if !do(g) {
			delete(p.gates, g)
		}
	}
}

// sweepEvery is how often those are looked for who wait in vain.
const sweepEvery = 25 * time.Millisecond

// sweep sends those away who wait in vain, until rest ends. When ctx does, all
// who wait are given back, and again at the end.
func (s *Service) sweep(ctx, rest, work context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	waiting := newPutOffs()
	defer waiting.wait()
	defer s.clearParked()
	tidied, stop := s.now(), ctx.Done()
	for {
		select {
		case <-rest.Done():
			return nil
		case <-stop:
			stop = nil // once
			s.clearParked()
		case <-ticker.C:
			now := s.now()
			waiting.all(work, s, s.overdue(now))
			if now.Sub(tidied) > tidyEvery {
				tidied = now
				s.targets.tidy(func(id string) bool { _, ok := s.Index.Get(id); return ok })
			}
		}
	}
}

func (s *Service) overdue(now time.Time) []putOff {
	var away []putOff
	s.parked.each(func(g *gate.Gate[job]) bool {
		sent, left := g.Overdue(now)
		for _, w := range sent {
			away = append(away, putOff{w.Job, w.ComeBack, ReasonBusy})
		}
		return left > 0
	})
	return away
}

func (s *Service) clearParked() {
	s.parked.each(func(g *gate.Gate[job]) bool {
		for _, j := range g.Clear() {
			s.putBack(j)
		}
		return false
	})
}
