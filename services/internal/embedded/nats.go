// Package embedded runs NATS and Redis inside this process, for `posthaste
// dev` and for tests on machines that have neither.
package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// MaxPayload is what the embedded server takes in one message, in bytes, as
// deploy/nats.conf says for a real one.
const MaxPayload = 4 << 20

// NATS is a nats-server with JetStream on disk.
type NATS struct{ server *server.Server }

// StartNATS starts a server that keeps its streams in dir and takes clients on
// listen (host:port, port 0 for any). It returns when the server is ready.
func StartNATS(dir, listen string, log *slog.Logger) (*NATS, error) {
	host, port, err := split(listen)
	if err != nil {
		return nil, err
	}
	s, err := server.NewServer(&server.Options{
		ServerName: "posthaste-embedded",
		Host:       host,
		Port:       port,
		JetStream:  true,
		StoreDir:   dir,
		MaxPayload: MaxPayload,
		NoSigs:     true,
	})
	if err != nil {
		return nil, fmt.Errorf("make embedded NATS: %w", err)
	}
	fatal := new(firstError)
	s.SetLoggerV2(natsLog{log, fatal}, false, false, false)
	s.Start()
	if err := fatal.get(); err != nil {
		stop(s)
		return nil, fmt.Errorf("start embedded NATS on %s in %s: %w", listen, dir, err)
	}
	if !s.ReadyForConnections(readyTimeout) {
		stop(s)
		return nil, fmt.Errorf("embedded NATS on %s was not ready within %s", listen, readyTimeout)
	}
	return &NATS{server: s}, nil
}

// split reads host:port as the server wants it, and tells of a port in use
// before the server would, in words of the setting.
func split(listen string) (host string, port int, err error) {
	host, portText, err := net.SplitHostPort(listen)
	if err != nil {
		return "", 0, fmt.Errorf("nats-listen: %q is not host:port", listen)
	}
	port, err = strconv.Atoi(portText)
	if err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("nats-listen: %q has no port between 0 and 65535", listen)
	}
	if port == 0 {
		return host, server.RANDOM_PORT, nil
	}
	var config net.ListenConfig
	l, err := config.Listen(context.Background(), "tcp", listen)
	if err != nil {
		return "", 0, fmt.Errorf("nats-listen: %w", err)
	}
	return host, port, l.Close()
}

const readyTimeout = 10 * time.Second

// URL is the address for clients.
func (n *NATS) URL() string { return n.server.ClientURL() }

// InProcess connects without a socket.
func (n *NATS) InProcess() nats.Option { return nats.InProcessServer(n.server) }

// Close stops the server; its streams stay.
func (n *NATS) Close() error {
	stop(n.server)
	return nil
}

func stop(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}
