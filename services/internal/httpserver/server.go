// Package httpserver runs the HTTP servers of the services.
package httpserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// Server is a listening HTTP server.
type Server struct {
	listener net.Listener
	http     *http.Server
	grace    time.Duration
	stopping chan struct{} // closed when Serve begins to stop
}

type stoppingKey struct{}

// Stopping is closed when the server of the request begins to stop. An answer
// without an end, such as a stream of events, ends then. It is nil, and never
// closed, outside of a Server.
func Stopping(ctx context.Context) <-chan struct{} {
	stopping, _ := ctx.Value(stoppingKey{}).(chan struct{})
	return stopping
}

// slop is what net/http adds to MaxHeaderBytes.
const slop = 4096

// New listens on addr (host:port, port 0 for any). Serve answers.
func New(addr string, cfg Config, handler http.Handler, grace time.Duration, log *slog.Logger) (*Server, error) {
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", addr) // the context would end the look-up of a name only
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	stopping := make(chan struct{})
	return &Server{
		listener: netutil.LimitListener(listener, cfg.MaxConnections),
		grace:    grace,
		stopping: stopping,
		http: &http.Server{
			BaseContext: func(net.Listener) context.Context {
				return context.WithValue(context.Background(), stoppingKey{}, stopping)
			},
			Handler:           guard(cfg, handler, log),
			ReadHeaderTimeout: cfg.HeaderTimeout,
			ReadTimeout:       cfg.ReadTimeout,
			WriteTimeout:      cfg.WriteTimeout,
			IdleTimeout:       cfg.IdleTimeout,
			MaxHeaderBytes:    int(cfg.MaxHeaderBytes) - slop,
			ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		},
	}, nil
}

// Addr is the address that the server listens on.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Serve answers until ctx ends, then takes no more and gives what is under
// way the grace.
func (s *Server) Serve(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() { failed <- s.http.Serve(s.listener) }()
	select {
	case err := <-failed:
		_ = s.http.Close() // what was accepted before
		return fmt.Errorf("serve %s: %w", s.Addr(), err)
	case <-ctx.Done():
	}
	close(s.stopping)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.grace)
	defer cancel()
	err := s.http.Shutdown(stop)
	if err != nil {
		err = s.http.Close() // the grace is over
	}
	if serveErr := <-failed; !errors.Is(serveErr, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", s.Addr(), serveErr)
	}
	if err != nil {
		return fmt.Errorf("close %s: %w", s.Addr(), err)
	}
	return nil
}

// Close ends a server that was never served; after Serve it does nothing.
func (s *Server) Close() error {
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close %s: %w", s.Addr(), err)
	}
	return nil
}
