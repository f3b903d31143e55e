package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/posthaste/posthaste/services/internal/embedded"
)

const (
	serveNATS = "serve-nats"
	apiKey    = "bench-key-of-this-process"
)

// runNATS is this binary as a nats-server.
func runNATS(dir, listen string) int {
	n, err := embedded.StartNATS(dir, listen, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	<-ctx.Done()
	stop()
	_ = n.Close() // its directory is thrown away
	return 0
}

// buildPosthaste builds the binary where none is named.
func buildPosthaste(ctx context.Context, binary string) (path string, remove func(), err error) {
	if binary != "" {
		return binary, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "posthaste-bench-")
	if err != nil {
		return "", nil, err
	}
	path = filepath.Join(dir, "posthaste")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/posthaste/posthaste/services/cmd/posthaste")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", nil, errors.Join(fmt.Errorf("build posthaste: %w: %s", err, out), os.RemoveAll(dir))
	}
	return path, func() { _ = os.RemoveAll(dir) }, nil
}

// stack is Posthaste with its servers, each a process.
type stack struct {
	dir       string
	addr      string
	adminAddr string
	processes []*exec.Cmd // Posthaste is the last
	log       bytes.Buffer
}

// startStack starts everything anew, so that no measurement sees another's
// leavings. It returns when Posthaste is ready.
func startStack(ctx context.Context, o options, binary string) (_ *stack, err error) {
	s := &stack{}
	if s.dir, err = os.MkdirTemp("", "posthaste-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "POSTHASTE_API_KEY=" + apiKey, "POSTHASTE_LOG_LEVEL=warn", "POSTHASTE_PPROF=true"}
	if gomaxprocs := os.Getenv("GOMAXPROCS"); gomaxprocs != "" {
		env = append(env, "GOMAXPROCS="+gomaxprocs)
	}
	if o.servers == "processes" {
		urls, err := s.startServers(ctx)
		if err != nil {
			return nil, err
		}
		env = append(env, urls...)
	}
	addrs, err := freeAddrs(ctx, 3)
	if err != nil {
		return nil, err
	}
	s.addr, s.adminAddr = addrs[0], addrs[1]
	env = append(env, "POSTHASTE_ADDR="+addrs[0], "POSTHASTE_ADMIN_ADDR="+addrs[1], "POSTHASTE_NATS_LISTEN="+addrs[2],
		"POSTHASTE_DATA_DIR="+filepath.Join(s.dir, "data"))
	if err := s.start(env, binary, "dev"); err != nil {
		return nil, err
	}
	if err := s.await(ctx, func() error { return ready(ctx, "http://"+s.adminAddr+"/readyz") }); err != nil {
		return nil, err
	}
	return s, nil
}

// startServers starts NATS and Redis and returns the settings that point to
// them. Without a redis-server on PATH the embedded one serves.
func (s *stack) startServers(ctx context.Context) ([]string, error) {
	addrs, err := freeAddrs(ctx, 2)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if err := s.start(os.Environ(), self, serveNATS, filepath.Join(s.dir, "nats"), addrs[0]); err != nil {
		return nil, err
	}
	urls := []string{"POSTHASTE_NATS_URL=nats://" + addrs[0]}
	listening := []string{addrs[0]}
	if redis, err := exec.LookPath("redis-server"); err == nil {
		_, port, _ := net.SplitHostPort(addrs[1])
		if err := s.start(os.Environ(), redis, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", s.dir); err != nil {
			return nil, err
		}
		urls = append(urls, "POSTHASTE_REDIS_URL=redis://"+addrs[1])
		listening = append(listening, addrs[1])
	}
	for _, addr := range listening {
		if err := s.await(ctx, func() error { return dial(ctx, addr) }); err != nil {
			return nil, err
		}
	}
	return urls, nil
}

func (s *stack) start(env []string, name string, args ...string) error {
	cmd := exec.Command(name, args...) //nolint:noctx // ended by close, in order
	cmd.Env = env
	cmd.Stderr = &s.log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	s.processes = append(s.processes, cmd)
	return nil
}

// await repeats check until it is content.
func (s *stack) await(ctx context.Context, check func() error) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w: %s", err, s.log.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// close ends Posthaste first, then its servers.
func (s *stack) close() {
	for i := len(s.processes) - 1; i >= 0; i-- {
		cmd := s.processes[i]
		_ = cmd.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		kill.Stop()
	}
	_ = os.RemoveAll(s.dir)
}

func ready(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := admin.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10))
		return fmt.Errorf("%s: %s", res.Status, text)
	}
	return nil
}

func dial(ctx context.Context, addr string) error {
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return c.Close()
}

func freeAddrs(ctx context.Context, n int) ([]string, error) {
	var addrs []string
	for range n {
		l, err := listen(ctx)
		if err != nil {
			return nil, err
		}
		defer l.Close() //nolint:gocritic,revive // held until all are found, or one port would be found twice
		addrs = append(addrs, l.Addr().String())
	}
	return addrs, nil
}

func listen(ctx context.Context) (net.Listener, error) {
	return (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
}
