package scenario

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/posthaste/posthaste/services/cmd/bench/internal/load"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/receiver"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/report"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/stack"
)

// world is one run of one scenario. One goroutine uses it.
type world struct {
	Options
	sheet *report.Sheet
	peaks []stack.Part // of all stacks, the highest each
}

func newWorld(o Options) *world { return &world{Options: o, sheet: &report.Sheet{}} }

// site is a fresh stack with the endpoints of one measurement.
type site struct {
	w *world
	*stack.Stack
	producer  *load.Producer
	endpoints []*receiver.Endpoint
	ids       []string // of the neighbourhood's subscriptions
}

// start starts a stack, with further settings of Posthaste, and that many
// healthy endpoints. The caller closes it.
func (w *world) start(ctx context.Context, endpoints int, env ...string) (*site, error) {
	s, err := stack.Start(ctx, stack.Config{Binary: w.Binary, Embedded: w.Embedded, Env: env})
	if err != nil {
		return nil, err
	}
	at := &site{w: w, Stack: s, producer: load.NewProducer(s.Addr(), stack.Key, max(w.Clients, 64))}
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

// close ends the stack, then the endpoints, and notes what the stack has used.
func (s *site) close() {
	s.w.note(s.Usage())
	s.producer.Close()
	s.Close()
	for _, e := range s.endpoints {
		e.Refuse()
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

const (
	// settle is how long a stack is left alone between warming up and measuring.
	settle = 300 * time.Millisecond
	// patience is how long nothing may come before what is missing is lost.
	patience = 30 * time.Second
)

func (w *world) say(format string, args ...any) { fmt.Fprintf(w.Progress, "  … "+format+"\n", args...) }

// note keeps the highest peaks.
func (w *world) note(u stack.Usage) {
	for i, part := range u {
		if i == len(w.peaks) {
			w.peaks = append(w.peaks, part)
		}
		w.peaks[i].Peak = max(w.peaks[i].Peak, part.Peak)
	}
}

// embeddedMemory is the goal for Posthaste with all that is embedded in it.
const embeddedMemory = 300 << 20

// memory tells the peaks.
func (w *world) memory() {
	if len(w.peaks) == 0 {
		return
	}
	table := w.sheet.Table("", "peak memory (VmHWM)", "")
	for _, part := range w.peaks {
		table.Row(part.Name, report.Size(part.Peak))
	}
	if w.Embedded {
		own := w.peaks[len(w.peaks)-1]
		w.sheet.Goal(report.Most("peak memory of Posthaste with NATS and Redis in it", report.Size(own.Peak), embeddedMemory))
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// after is closed when the time is over.
func after(d time.Duration) <-chan struct{} {
	done := make(chan struct{})
	time.AfterFunc(d, func() { close(done) })
	return done
}
