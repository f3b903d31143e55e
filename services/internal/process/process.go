// Package process runs the services of one process together and stops them in
// order: first they drain, then goes what they drain with.
package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/posthaste/posthaste/services/internal/httpserver"
)

// Process is what is to run. It is put together by one goroutine.
type Process struct {
	log       *slog.Logger
	services  []func(context.Context) error
	support   []func(context.Context) error
	closers   []func() error
	closeOnce sync.Once

	mu     sync.Mutex // the admin server reads what follows
	checks []httpserver.Check
	stage  error // why the process as a whole is not ready; nil while it runs
}

// Why a process is not ready.
var (
	errStarting = errors.New("starting")
	errDraining = errors.New("draining")
)

// New makes an empty process.
func New(log *slog.Logger) *Process {
	p := &Process{log: log, stage: errStarting}
	p.Check("process", func(context.Context) error {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.stage
	})
	return p
}

func (p *Process) enter(stage error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stage = stage
}

// Serve adds a service. It is to return when its context has ended and it has
// drained. When one fails, all are stopped.
func (p *Process) Serve(run func(context.Context) error) { p.services = append(p.services, run) }

// Support adds what services need to the end of their draining.
func (p *Process) Support(run func(context.Context) error) { p.support = append(p.support, run) }

// OnClose adds what is to be released at the end, the last added first.
func (p *Process) OnClose(release func() error) { p.closers = append(p.closers, release) }

// Check adds a condition to /readyz.
func (p *Process) Check(name string, ready func(context.Context) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.checks = append(p.checks, httpserver.Check{Name: name, Ready: ready})
}

// Admin starts the server of /healthz, /readyz, /metrics and, where profile is
// set, /debug/pprof, and returns its address. It answers from now until Close,
// so that a process which still waits for its servers is seen to be alive.
func (p *Process) Admin(addr string, metrics http.Handler, profile bool) (string, error) {
	handler := httpserver.Admin(metrics, profile, func() []httpserver.Check {
		p.mu.Lock()
		defer p.mu.Unlock()
		return slices.Clone(p.checks)
	})
	server, err := httpserver.New(addr, httpserver.Defaults(), handler, time.Second, p.log)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx) }()
	p.OnClose(func() error {
		cancel()
		return <-served
	})
	return server.Addr(), nil
}

// Run runs all until ctx ends or a service fails, drains, and releases
// everything.
func (p *Process) Run(ctx context.Context) error {
	defer p.Close()
	supportCtx, stopSupport := context.WithCancel(context.WithoutCancel(ctx))
	defer stopSupport()
	services, serviceCtx := errgroup.WithContext(ctx)
	p.enter(nil)
	defer context.AfterFunc(serviceCtx, func() { p.enter(errDraining) })()

	support, failed := errgroup.WithContext(supportCtx)
	for _, run := range p.support {
		support.Go(func() error { return run(supportCtx) })
	}
	services.Go(func() error { // a support that fails stops the services
		select {
		case <-serviceCtx.Done():
			return nil
		case <-failed.Done():
			return errSupport
		}
	})
	for _, run := range p.services {
		services.Go(func() error { return run(serviceCtx) })
	}
	err := services.Wait()
	stopSupport()
	if supportErr := support.Wait(); supportErr != nil && (err == nil || errors.Is(err, errSupport)) {
		err = supportErr
	}
	return err
}

var errSupport = errors.New("a supporting task failed")

// Close releases everything. Run does it; call it where Run is not reached.
func (p *Process) Close() {
	p.closeOnce.Do(func() {
		for i := len(p.closers) - 1; i >= 0; i-- {
			if err := p.closers[i](); err != nil {
				p.log.Debug("close", "error", fmt.Sprint(err))
			}
		}
	})
}
