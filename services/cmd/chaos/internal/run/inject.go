package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/cmd/chaos/internal/fault"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/ledger"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/link"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/stack"
)

// injector does what a schedule says.
type injector struct {
	*world
	js jetstream.JetStream

	mu      sync.Mutex
	windows []ledger.Window
	errs    []error
}

// run injects all faults at their times, and returns when all are over.
func (in *injector) run(ctx context.Context, faults []fault.Fault, begin time.Time) error {
	var running sync.WaitGroup
	for _, f := range faults {
		running.Go(func() {
			if !wait(ctx, time.Until(begin.Add(f.At))) {
				return
			}
			w := ledger.Window{Fault: f, From: time.Now()}
			err := in.inject(ctx, f, &w)
			w.To = time.Now()
			in.mu.Lock()
			defer in.mu.Unlock()
			in.windows = append(in.windows, w)
			if err != nil {
				in.errs = append(in.errs, fmt.Errorf("%s: %w", f, err))
			}
		})
	}
	running.Wait()
	return errors.Join(in.errs...)
}

// wait is false where ctx ends before.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// inject lets a fault begin and returns when it has ended. It notes what it hit.
func (in *injector) inject(ctx context.Context, f fault.Fault, w *ledger.Window) (err error) {
	switch f.Target {
	case fault.Receiver, fault.ToReceiver:
		w.Where, err = in.receiver(ctx, f)
		return err
	case fault.IngestNATS, fault.RouterNATS, fault.DispatcherNATS, fault.ControlNATS, fault.DispatcherRedis:
		var links []*link.Link
		w.Where, links = in.links(f)
		return network(ctx, f, links)
	}
	switch f.Kind {
	case fault.KickAll:
		w.Where = "all clients"
		return in.kickAll()
	case fault.Flush:
		w.Where = "redis"
		return in.Redis.Flush(ctx)
	case fault.Restarts:
		w.Where = "all dispatchers"
		return in.restarts(ctx, f, w)
	case fault.DiskFull:
		n := in.Nodes[f.Index%len(in.Nodes)]
		w.Where = n.Name
		if err := n.Fill(); err != nil {
			return err
		}
		wait(ctx, f.For)
		return n.Empty()
	}
	p := in.process(ctx, f)
	w.Where = p.Name
	if f.Kind == fault.Kill && f.Target == fault.Dispatcher {
		w.Kills = append(w.Kills, time.Now())
	}
	return process(ctx, f, p)
}

// process is the one that a fault hits.
func (in *injector) process(ctx context.Context, f fault.Fault) *stack.Process {
	switch f.Target {
	case fault.NATS:
		return in.Nodes[f.Index%len(in.Nodes)].Process
	case fault.Leader:
		streams := []string{"EVENTS", "DELIVERIES", "DELAYS", "ATTEMPTS"}
		return in.Leader(ctx, in.js, streams[f.Index%len(streams)]).Process
	case fault.Redis:
		return in.Redis.Process
	default:
		return in.service(f).Process
	}
}

// service is the one that a fault hits, or whose link it does.
func (in *injector) service(f fault.Fault) *stack.Service {
	switch f.Target {
	case fault.Router, fault.RouterNATS:
		return in.Routers[f.Index%len(in.Routers)]
	case fault.Dispatcher, fault.DispatcherNATS, fault.DispatcherRedis:
		return in.Dispatchers[f.Index%len(in.Dispatchers)]
	case fault.Control, fault.ControlNATS:
		return in.Control
	default:
		return in.Ingest
	}
}

func process(ctx context.Context, f fault.Fault, p *stack.Process) error {
	if f.Kind == fault.Kill {
		p.Kill()
		wait(ctx, f.For)
		return p.Start()
	}
	// One that ended by itself is just being started again; the report tells.
	err := p.Pause()
	for tries := 0; err != nil && tries < 100 && wait(ctx, 50*time.Millisecond); tries++ {
		err = p.Pause()
	}
	if err != nil {
		return err
	}
	wait(ctx, f.For)
	return p.Resume()
}

// restarts kills all dispatchers again and again, while work waits for them.
func (in *injector) restarts(ctx context.Context, f fault.Fault, w *ledger.Window) error {
	for range fault.Times {
		for _, d := range in.Dispatchers {
			w.Kills = append(w.Kills, time.Now())
			d.Kill()
		}
		for _, d := range in.Dispatchers {
			if err := d.Start(); err != nil {
				return err
			}
		}
		wait(ctx, f.For/fault.Times)
	}
	return nil
}

// kickAll takes the connection from every client of NATS, which stays up.
func (in *injector) kickAll() error {
	var errs []error
	for _, s := range in.Services() {
		for _, way := range s.ToNATS {
			errs = append(errs, way.Reset())
		}
	}
	return errors.Join(errs...)
}

func (in *injector) links(f fault.Fault) (string, []*link.Link) {
	s := in.service(f)
	if f.Target == fault.DispatcherRedis {
		return s.Name, []*link.Link{s.ToRedis}
	}
	return s.Name, s.ToNATS
}

// delay is how much later everything comes through a slow link.
const delay = 100 * time.Millisecond

func network(ctx context.Context, f fault.Fault, links []*link.Link) error {
	var errs []error
	for _, l := range links {
		switch f.Kind {
		case fault.Cut:
			errs = append(errs, l.Cut())
		case fault.Slow:
			errs = append(errs, l.Slow(delay))
		default:
			errs = append(errs, l.Reset())
		}
	}
	if f.For == 0 {
		return errors.Join(errs...)
	}
	wait(ctx, f.For)
	for _, l := range links {
		errs = append(errs, l.Mend())
	}
	return errors.Join(errs...)
}

// wrongBy is how far off a receiver's clock is.
const wrongBy = 10 * time.Minute

func (in *injector) receiver(ctx context.Context, f fault.Fault) (string, error) {
	i := f.Index % len(in.receivers)
	r := in.receivers[i]
	if f.Target == fault.ToReceiver {
		return r.Name, network(ctx, f, in.toReceiver[i:i+1])
	}
	switch f.Kind {
	case fault.Flap:
		r.Flap(true)
		wait(ctx, f.For)
		r.Flap(false)
	default:
		by := wrongBy
		if f.Index/len(in.receivers)%2 == 1 {
			by = -by
		}
		r.Skew(by)
		wait(ctx, f.For)
		r.Skew(0)
	}
	return r.Name, nil
}
