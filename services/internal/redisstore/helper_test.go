package redisstore

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// freeAddr is an address on which nobody listens.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// realURL is POSTHASTE_TEST_REDIS_URL, or a redis-server of this test's own.
func realURL(t *testing.T) string {
	t.Helper()
	if url := os.Getenv("POSTHASTE_TEST_REDIS_URL"); url != "" {
		return url
	}
	addr := freeAddr(t)
	startRedis(t, addr)
	return "redis://" + addr + "/0"
}

// startRedis runs a redis-server until the test ends or stop is called.
func startRedis(t *testing.T, addr string) (stop func()) {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("no redis-server on PATH and POSTHASTE_TEST_REDIS_URL is not set")
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	ready := make(chan bool, 1)
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "Ready to accept connections") {
				ready <- true
				break
			}
		}
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait() // killed
	}()
	stop = func() { cancel(); <-ended }
	t.Cleanup(stop)
	select {
	case <-ready:
	case <-ended:
		t.Fatal("redis-server ended at once")
	case <-time.After(10 * time.Second):
		t.Fatal("redis-server is not ready")
	}
	return stop
}

// open makes a store and runs it until the test ends.
func open(t *testing.T, url string, change ...func(*Config)) *Store {
	t.Helper()
	cfg := settings.Defaults[Config]()
	cfg.RedisURL = settings.SecretURL(url)
	// A test machine may be busy; what is about time-outs sets its own.
	cfg.RedisTimeout = 5 * time.Second
	for _, c := range change {
		c(&cfg)
	}
	s, err := New(cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	testbed.Running(t, s.Run)
	return s
}
