// Package process runs the services of one process together and stops them in
// order: first they drain, then goes what they drain with.
package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/posthaste/posthaste/services/internal/httpserver"
)

// Process is what is to run. Not for concurrent use before Run.
type Process struct {
	log       *slog.Logger
	services  []func(context.Context) error
	support   []func(context.Context) error
	closers   []func() error
	checks    []httpserver.Check
	closeOnce sync.Once
}

// New makes an empty process.
func New(log *slog.Logger) *Process { return &Process{log: log} }

// Serve adds a service. It is to return when its context has ended and it has
// drained. When one fails, all are stopped.
func (p *Process) Serve(run func(context.Context) error) { p.services = append(p.services, run) }

// Support adds what services need to the end of their draining.
func (p *Process) Support(run func(context.Context) error) { p.support = append(p.support, run) }

// OnClose adds what is to be released at the end, the last added first.
func (p *Process) OnClose(release func() error) { p.closers = append(p.closers, release) }

// Check adds a condition to /readyz.
func (p *Process) Check(name string, ready func(context.Context) error) {
	p.checks = append(p.checks, httpserver.Check{Name: name, Ready: ready})
}

// Admin adds the server of /healthz, /readyz, /metrics and, where profile is
// set, /debug/pprof, with the checks added so far, and returns its address.
func (p *Process) Admin(addr string, metrics http.Handler, profile bool) (string, error) {
	server, err := httpserver.New(addr, httpserver.Admin(metrics, profile, p.checks...), time.Second, p.log)
	if err != nil {
		return "", err
	}
	p.OnClose(server.Close)
	p.Support(server.Serve)
	return server.Addr(), nil
}

// Run runs all until ctx ends or a service fails, drains, and releases
// everything.
func (p *Process) Run(ctx context.Context) error {
	defer p.Close()
	supportCtx, stopSupport := context.WithCancel(context.WithoutCancel(ctx))
	defer stopSupport()
	services, serviceCtx := errgroup.WithContext(ctx)

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
