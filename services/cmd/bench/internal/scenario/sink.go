package scenario

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// sink takes OTLP over HTTP and forgets it. It can be killed, and rises where it
// was.
type sink struct {
	addr     string
	server   *http.Server
	requests atomic.Int64
}

func newSink(ctx context.Context) (*sink, error) {
	s := &sink{addr: "127.0.0.1:0"}
	if err := s.rise(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *sink) URL() string { return "http://" + s.addr }

// kill ends it with all its connections.
func (s *sink) kill() { _ = s.server.Close() }

func (s *sink) rise(ctx context.Context) error {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", s.addr)
	if err != nil {
		return fmt.Errorf("listen for OTLP: %w", err)
	}
	s.addr = l.Addr().String()
	s.server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		_, _ = io.Copy(io.Discard, r.Body) // a collector's decoding is not what is measured
		w.Header().Set("Content-Type", "application/x-protobuf")
	})}
	go func(server *http.Server) { _ = server.Serve(l) }(s.server)
	return nil
}
