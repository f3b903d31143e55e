// Package natstest runs a real NATS server with JetStream inside a test.
package natstest

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ready bounds the start of a server, which takes milliseconds, and calls to
// it. It is long for the sake of a busy machine.
const ready = 20 * time.Second

// Server is a running server. It stops with the test.
type Server struct {
	running *server.Server
	opts    server.Options
}

// Start runs a server on a free port, with its store in a directory of the
// test.
func Start(tb testing.TB) *Server {
	tb.Helper()
	s := &Server{opts: server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: tb.TempDir(), NoLog: true, NoSigs: true,
	}}
	s.start(tb)
	s.opts.Port = s.running.Addr().(*net.TCPAddr).Port
	tb.Cleanup(s.Stop)
	return s
}

// Stop ends the server and waits until it has gone. The store remains.
func (s *Server) Stop() {
	s.running.Shutdown()
	s.running.WaitForShutdown()
}

// Restart runs a stopped server again on its port and store.
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	s.start(tb)
}

// URL is where clients connect.
func (s *Server) URL() string { return s.running.ClientURL() }

// Connect returns a connection that reconnects for ever and soon. It is closed
// with the test.
func (s *Server) Connect(tb testing.TB) *nats.Conn {
	tb.Helper()
	nc, err := nats.Connect(s.URL(), nats.MaxReconnects(-1), nats.ReconnectWait(5*time.Millisecond), nats.ReconnectJitter(0, 0))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(nc.Close)
	return nc
}

// Stream makes the EVENTS stream. The changes are applied to its configuration
// first.
func Stream(tb testing.TB, nc *nats.Conn, changes ...func(*jetstream.StreamConfig)) jetstream.Stream {
	tb.Helper()
	config := jetstream.StreamConfig{Name: "EVENTS", Subjects: []string{"events.>"}, Duplicates: time.Minute}
	for _, change := range changes {
		change(&config)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), ready)
	defer cancel()
	stream, err := js.CreateStream(ctx, config)
	if err != nil {
		tb.Fatal(err)
	}
	return stream
}

// start works on a copy of the options, since a server changes its own.
func (s *Server) start(tb testing.TB) {
	tb.Helper()
	opts := s.opts
	running, err := server.NewServer(&opts)
	if err != nil {
		tb.Fatal(err)
	}
	running.Start()
	if !running.ReadyForConnections(ready) {
		running.Shutdown()
		tb.Fatal("the NATS server did not get ready")
	}
	s.running = running
}
