// Package embedded runs NATS and Redis inside this process, for `posthaste
// dev` and for tests on machines that have neither.
package embedded

import (
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
	host, portText, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, fmt.Errorf("nats-listen: %q is not host:port", listen)
	}
	port, err := strconv.Atoi(portText)
	if err != nil || port < 0 || port > 65535 {
		return nil, fmt.Errorf("nats-listen: %q has no port between 0 and 65535", listen)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	} else if err := free(listen); err != nil {
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
	s.SetLoggerV2(natsLog{log}, false, false, false)
	s.Start()
	if !s.ReadyForConnections(readyTimeout) {
		s.Shutdown()
		return nil, fmt.Errorf("embedded NATS on %s was not ready within %s", listen, readyTimeout)
	}
	if !s.JetStreamEnabled() {
		s.Shutdown()
		return nil, fmt.Errorf("embedded NATS could not open JetStream in %s", dir)
	}
	return &NATS{server: s}, nil
}

const readyTimeout = 10 * time.Second

// free tells of a port in use before the server would, which only logs it.
func free(listen string) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("nats-listen: %w", err)
	}
	return l.Close()
}

// URL is the address for clients.
func (n *NATS) URL() string { return n.server.ClientURL() }

// InProcess connects without a socket.
func (n *NATS) InProcess() nats.Option { return nats.InProcessServer(n.server) }

// Close stops the server; its streams stay.
func (n *NATS) Close() error {
	n.server.Shutdown()
	n.server.WaitForShutdown()
	return nil
}

// natsLog passes on what matters; the server's notices are debug to us.
type natsLog struct{ log *slog.Logger }

func (l natsLog) Noticef(format string, v ...any) { l.log.Debug("nats: " + fmt.Sprintf(format, v...)) }
func (l natsLog) Warnf(format string, v ...any)   { l.log.Warn("nats: " + fmt.Sprintf(format, v...)) }
func (l natsLog) Errorf(format string, v ...any)  { l.log.Error("nats: " + fmt.Sprintf(format, v...)) }
func (l natsLog) Fatalf(format string, v ...any)  { l.log.Error("nats: " + fmt.Sprintf(format, v...)) }
func (l natsLog) Debugf(string, ...any)           {}
func (l natsLog) Tracef(string, ...any)           {}
