package testbed

import (
	"context"
	"io"
	"net"
	"os/exec"
	"testing"
	"time"
)

// RedisServer runs a redis-server with these arguments until the test ends, and
// returns its URL. The test is skipped where there is none on the PATH.
func RedisServer(tb testing.TB, args ...string) string {
	tb.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		tb.Skip("no redis-server on the PATH")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // nobody waits for it
	if err != nil {
		tb.Fatal(err)
	}
	addr := l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	if err := l.Close(); err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	all := append([]string{"--port", port, "--bind", "127.0.0.1", "--dir", tb.TempDir()}, args...)
	cmd := exec.CommandContext(ctx, path, all...) //nolint:gosec // a test's own arguments
	cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // killed
	})
	Eventually(tb, "redis-server answers", func() bool {
		conn, err := net.DialTimeout("tcp", addr, time.Second) //nolint:noctx // it is bounded
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return "redis://" + addr + "/0"
}
