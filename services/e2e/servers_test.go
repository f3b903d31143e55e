package e2e

import (
	"log/slog"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/services/internal/embedded"
)

// server is NATS or Redis: a process that can be killed and started again with
// its address and its data.
type server struct {
	*process
	name, url, addr string
	launch          func() *process
}

// up starts the server and returns when it takes connections.
func (s *server) up(t *testing.T) {
	t.Helper()
	s.process = s.launch()
	eventually(t, s.name+" to answer", func() bool {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			return false
		}
		conn.Close()
		return true
	}, func() string { return s.log.tail(1 << 10) })
}

// startNATS runs a real nats-server with JetStream on disk.
func startNATS(t *testing.T) *server {
	t.Helper()
	binary, store := built(t, buildNATS), t.TempDir()
	s := &server{name: "nats-server", addr: freeAddr(t)}
	s.url = "nats://" + s.addr
	host, port, _ := strings.Cut(s.addr, ":")
	s.launch = func() *process {
		return start(t, s.name, binary, nil, "-a", host, "-p", port, "-js", "-sd", store)
	}
	s.up(t)
	return s
}

// startRedis runs a real redis-server, or where there is none the embedded
// one, which has no process.
func startRedis(t *testing.T) *server {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		return embeddedRedis(t)
	}
	s := &server{name: "redis-server", addr: freeAddr(t)}
	s.url = "redis://" + s.addr + "/0"
	host, port, _ := strings.Cut(s.addr, ":")
	s.launch = func() *process {
		return start(t, s.name, binary, nil, "--bind", host, "--port", port, "--save", "", "--appendonly", "no")
	}
	s.up(t)
	return s
}

func embeddedRedis(t *testing.T) *server {
	t.Helper()
	r, err := embedded.StartRedis(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return &server{name: "embedded Redis", url: r.URL()}
}
