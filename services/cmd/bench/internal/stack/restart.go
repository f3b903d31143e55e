package stack

import (
	"context"
	"time"
)

// Restart stops Posthaste in order and starts it on the same data. It returns
// how long it took from its start until it was ready.
func (s *Stack) Restart(ctx context.Context) (time.Duration, error) {
	p := s.processes[len(s.processes)-1]
	p.stop()
	p.past = usage{} // what is asked for is the memory of the one that comes
	begin := time.Now()
	if err := p.start(); err != nil {
		return 0, err
	}
	err := s.await(ctx, s.ready)
	return time.Since(begin), err
}

// KillNATS kills the process in which NATS runs, starts it again on the same
// data, and returns how long it took until Posthaste was ready. With embedded
// servers that process is Posthaste itself.
func (s *Stack) KillNATS(ctx context.Context) (time.Duration, error) {
	p := s.processes[0]
	p.kill()
	begin := time.Now()
	if err := p.start(); err != nil {
		return 0, err
	}
	err := s.await(ctx, s.ready)
	return time.Since(begin), err
}
