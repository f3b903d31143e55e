package scenario

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/posthaste/posthaste/services/cmd/bench/internal/load"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/receiver"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/report"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/stack"
)

// site is a fresh stack with the endpoints of one measurement.
type site struct {
	w    *world
	name string // of the measurement
	*stack.Stack
	producer  *load.Producer
	endpoints []*receiver.Endpoint
	ids       []string // of the neighbourhood's subscriptions
}

// start starts a stack and that many healthy endpoints. The caller closes it.
func (w *world) start(ctx context.Context, name string, endpoints int) (*site, error) {
	s, err := stack.Start(ctx, stack.Config{Binary: w.Binary, Embedded: w.Embedded, Env: w.env})
	if err != nil {
		return nil, err
	}
	at := &site{w: w, name: name, Stack: s, producer: load.NewProducer(s.Addr(), stack.Key, max(w.Clients, 64))}
	for range endpoints {
		e, err := receiver.New(ctx, receiver.Healthy)
		if err != nil {
			at.close()
			return nil, err
		}
		at.endpoints = append(at.endpoints, e)
	}
	return at, nil
}

// close ends the stack, then the endpoints, and notes what the stack has used
// and counted.
func (s *site) close() {
	s.w.note(s.Usage())
	s.count()
	s.producer.Close()
	s.Close()
	for _, e := range s.endpoints {
		e.Refuse()
	}
}

// Counters of the dispatcher.
const (
	attemptsCounter  = "posthaste_dispatcher_attempts_total"
	deferralsCounter = "posthaste_dispatcher_deferrals_total"
)

// count tells what POSTs came to and why deliveries were put off, for it
// explains figures that surprise.
func (s *site) count() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	attempts, err := s.Counter(ctx, attemptsCounter)
	if err != nil {
		return // it is being ended because Posthaste does not answer
	}
	deferrals, err := s.Counter(ctx, deferralsCounter)
	if err != nil {
		return
	}
	s.w.sheet.Note("%s: POSTs %v, deferrals %v", s.name, attempts, deferrals)
}

// coresColumn is the heading of what cores says.
const coresColumn = "CPUs of the stack"

// cores begins to measure how many CPUs the stack keeps busy, and returns what
// ends it. As many as there are, less what load and receivers take, is all.
func (s *site) cores() (end func() report.Figure) {
	begin, before := time.Now(), s.Usage()
	return func() report.Figure {
		return report.Num(s.Usage().Since(before).CPU().Seconds() / time.Since(begin).Seconds())
	}
}

// subscribe makes subscriptions, several at the same time.
func (s *site) subscribe(ctx context.Context, n int, nth func(i int) load.Subscription) (ids []string, err error) {
	ids = make([]string, n)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i := range n {
		group.Go(func() (err error) {
			ids[i], err = s.producer.Subscribe(ctx, nth(i))
			return err
		})
	}
	return ids, group.Wait()
}

// warm delivers some events of the sources and then forgets them.
func (s *site) warm(ctx context.Context, sources []*load.Source, events int) error {
	for _, e := range s.endpoints {
		e.Reset(0)
	}
	for _, source := range sources {
		if err := s.producer.Flood(ctx, source, events, 1, 4); err != nil {
			return err
		}
	}
	err := receiver.Await(ctx, events*len(sources), patience, s.good)
	for _, e := range s.endpoints {
		e.Reset(0)
	}
	if err != nil {
		return err
	}
	return pause(ctx, settle)
}

// good is how many came to all endpoints.
func (s *site) good() (n int) {
	for _, e := range s.endpoints {
		n += e.Good()
	}
	return n
}
