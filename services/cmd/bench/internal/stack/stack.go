// Package stack starts Posthaste with its servers, each a process, and says
// what they use.
package stack

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Key is the API key of every stack. It opens nothing else.
const Key = "bench-key-of-this-process"

// EncryptionKey encrypts the secrets of every stack, and of nothing else.
const EncryptionKey = "bench:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// Config is what to start.
type Config struct {
	Binary   string   // of Posthaste
	Embedded bool     // NATS and Redis inside of it, and not as processes
	Env      []string // further settings of Posthaste
}

// Stack is Posthaste with its servers. One goroutine uses it, but Usage,
// Counter and Profile.
type Stack struct {
	cfg       Config
	dir       string
	addr      string
	adminAddr string
	natsAddr  string
	processes []*process // Posthaste is the last
	log       log
}

// Start starts everything anew, so that no measurement sees another's
// leavings. It returns when Posthaste is ready.
func Start(ctx context.Context, cfg Config) (_ *Stack, err error) {
	s := &Stack{cfg: cfg}
	if s.dir, err = os.MkdirTemp("", "posthaste-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	addrs, err := freeAddrs(ctx, 4)
	if err != nil {
		return nil, err
	}
	s.addr, s.adminAddr, s.natsAddr = addrs[0], addrs[1], addrs[2]
	var urls []string
	if !cfg.Embedded {
		if urls, err = s.startServers(ctx, addrs[3]); err != nil {
			return nil, err
		}
	}
	if err := s.start(ctx, "Posthaste", cfg.Binary, s.env(urls), s.ready, "dev"); err != nil {
		return nil, err
	}
	return s, nil
}

// Addr is the address of the API.
func (s *Stack) Addr() string { return s.addr }

// NATSURL is where producers publish.
func (s *Stack) NATSURL() string { return "nats://" + s.natsAddr }

func (s *Stack) env(urls []string) []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "POSTHASTE_API_KEY=" + Key, "POSTHASTE_ENCRYPTION_KEYS=" + EncryptionKey,
		"POSTHASTE_LOG_LEVEL=warn", "POSTHASTE_PPROF=true", "POSTHASTE_GRACE=1s",
		"POSTHASTE_ADDR=" + s.addr, "POSTHASTE_ADMIN_ADDR=" + s.adminAddr, "POSTHASTE_NATS_LISTEN=" + s.natsAddr,
		"POSTHASTE_DATA_DIR=" + filepath.Join(s.dir, "data"),
	}
	if gomaxprocs := os.Getenv("GOMAXPROCS"); gomaxprocs != "" {
		env = append(env, "GOMAXPROCS="+gomaxprocs)
	}
	return append(append(env, urls...), s.cfg.Env...)
}

// startServers starts NATS and Redis and returns the settings that point to
// them. Without a redis-server on PATH the embedded one serves.
func (s *Stack) startServers(ctx context.Context, redisAddr string) ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	answers := func(ctx context.Context) error { return dial(ctx, s.natsAddr) }
	if err := s.start(ctx, "NATS", self, os.Environ(), answers, ServeNATS, filepath.Join(s.dir, "nats"), s.natsAddr); err != nil {
		return nil, err
	}
	urls := []string{"POSTHASTE_NATS_URL=" + s.NATSURL()}
	redis, err := exec.LookPath("redis-server")
	if err != nil {
		return urls, nil //nolint:nilerr // then the embedded one serves
	}
	_, port, _ := net.SplitHostPort(redisAddr)
	answers = func(ctx context.Context) error { return dial(ctx, redisAddr) }
	err = s.start(ctx, "Redis", redis, os.Environ(), answers, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", s.dir)
	return append(urls, "POSTHASTE_REDIS_URL=redis://"+redisAddr), err
}

// start adds a process and returns when it is up.
func (s *Stack) start(ctx context.Context, name, path string, env []string, up func(context.Context) error, args ...string) error {
	p := &process{name: name, path: path, args: args, env: env, log: &s.log}
	if err := p.start(); err != nil {
		return err
	}
	s.processes = append(s.processes, p)
	return s.await(ctx, up)
}

// await repeats check until it is content.
func (s *Stack) await(ctx context.Context, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w: %s", err, s.log.String())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Usage is what the processes have used.
func (s *Stack) Usage() Usage {
	all := make(Usage, len(s.processes))
	for i, p := range s.processes {
		used := p.usage()
		all[i] = Part{Name: p.name, CPU: used.cpu, Peak: used.peak, RSS: used.rss}
	}
	return all
}

// Close ends Posthaste first, then its servers.
func (s *Stack) Close() {
	for i := len(s.processes) - 1; i >= 0; i-- {
		s.processes[i].stop()
	}
	_ = os.RemoveAll(s.dir)
}
