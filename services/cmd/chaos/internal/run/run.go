// Package run lets one schedule happen: it starts a stack, sends a load, injects
// the faults, waits until all has settled, and checks what came of it.
package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/cmd/chaos/internal/fault"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/ledger"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/load"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/stack"
)

// Config is one run.
type Config struct {
	Name   string
	Stack  stack.Config
	Faults []fault.Fault
	Lasts  time.Duration // of the load
	Rate   int           // events a second
	Settle time.Duration // the longest that everything may take to settle
	Keep   string        // directory for the logs where something was found; empty for none
	Out    io.Writer     // what happens, as it does
}

// Result is what came of it.
type Result struct {
	Name    string
	Windows []ledger.Window // of the faults
	*ledger.Result
	// Settled is how long everything took after the last fault and the last
	// event.
	Settled time.Duration
	// Broken are the promises that were not held.
	Broken []string
	Fell   map[string]int // processes that ended by themselves
	// Shares are the parts of the work of each dispatcher, where that was
	// measured.
	Shares []float64
}

// patience is how long a producer repeats an event.
const patience = 40 * time.Second

// Act is what happens beside the load. It returns when it is over.
type Act func(ctx context.Context, w *Drill) error

// Drill is what an act works with.
type Drill struct {
	*stack.Stack
	Out    io.Writer
	Shares []float64
}

// Schedule runs with the faults.
func Schedule(ctx context.Context, cfg Config) (*Result, error) {
	return with(ctx, cfg, func(ctx context.Context, in *injector) error {
		begin := time.Now()
		err := in.run(ctx, cfg.Faults, begin)
		wait(ctx, time.Until(begin.Add(cfg.Lasts)))
		return err
	})
}

// Drilled runs with an act in the place of faults.
func Drilled(ctx context.Context, cfg Config, act Act) (*Result, error) {
	d := &Drill{Out: cfg.Out}
	r, err := with(ctx, cfg, func(ctx context.Context, in *injector) error {
		d.Stack = in.Stack
		return act(ctx, d)
	})
	if err == nil {
		r.Shares = d.Shares
	}
	return r, err
}

func with(ctx context.Context, cfg Config, act func(context.Context, *injector) error) (*Result, error) {
	w, err := build(ctx, cfg.Stack)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	conn, err := w.Connect()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, err
	}
	l, err := load.New(load.Config{Rate: cfg.Rate, Tenants: tenants, Types: types, Patience: patience}, w.Events, stack.Key, conn)
	if err != nil {
		return nil, err
	}
	in := &injector{world: w, js: js}
	stop := make(chan struct{})
	var sending sync.WaitGroup
	sending.Go(func() { l.Run(ctx, stop) })
	err = act(ctx, in)
	close(stop)
	over := time.Now()
	if err == nil {
		err = w.AwaitReady(ctx)
	}
	sending.Wait()
	if err := errors.Join(err, ctx.Err()); err != nil {
		return nil, errors.Join(err, w.keep(cfg))
	}
	r := &Result{Name: cfg.Name, Windows: in.windows}
	if err := settle(ctx, js, cfg.Settle); err != nil {
		r.Broken = append(r.Broken, err.Error())
	}
	r.Settled = time.Since(over)
	return r, w.judge(ctx, cfg, l, r)
}

// judge reads everything and checks it.
func (w *world) judge(ctx context.Context, cfg Config, l *load.Load, r *Result) error {
	history, err := w.history(ctx)
	if err != nil {
		return errors.Join(err, w.keep(cfg))
	}
	r.Result = ledger.Check(ledger.Input{
		Events: l.Events(), Subscriptions: w.subscriptions, Arrivals: w.arrivals(), History: history, Windows: r.Windows,
	})
	r.Broken = append(r.Broken, r.Violations()...)
	r.Fell = w.Fell()
	for text, n := range l.Refusals() {
		fmt.Fprintf(cfg.Out, "  %d batches were not accepted: %s\n", n, text)
	}
	if len(r.Broken) > 0 || len(r.Findings()) > 0 {
		return w.keep(cfg)
	}
	return nil
}

func (w *world) keep(cfg Config) error {
	if cfg.Keep == "" {
		return nil
	}
	return w.Keep(cfg.Keep)
}
