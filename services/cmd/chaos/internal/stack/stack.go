// Package stack runs Posthaste as it runs in production, each service a process
// of its own, on nats-server and redis-server, and with a link between any two
// of them.
package stack

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/posthaste/posthaste/services/cmd/chaos/internal/link"
)

// Key is the API key of every stack. It opens nothing else.
const Key = "chaos-key-of-this-process"

const encryptionKey = "chaos:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// HeaderAttempt carries the number of the attempt, which the dialect standard
// does not tell by itself.
const HeaderAttempt = "Chaos-Attempt"

const dialects = `dialects:
  - name: standard
    headers: {` + HeaderAttempt + `: "${attempt.number}"}
`

// Config is what to start.
type Config struct {
	Binaries             Binaries
	Nodes                int  // of NATS: 1 or 3
	Disk                 bool // NATS stores on disks that can be filled
	Routers, Dispatchers int
	Env                  []string // further settings of Posthaste
}

// Stack is Posthaste with its servers.
type Stack struct {
	cfg          Config
	dir          string
	Net          *link.Net
	Nodes        []*Node
	Redis        *Server
	Ingest       *Service
	Control      *Service
	Routers      []*Service
	Dispatchers  []*Service
	Events       string // URL of ingest
	API          string // URL of control
	dispatcherNo int
}

// Start starts everything anew, and returns when all are ready.
func Start(ctx context.Context, cfg Config) (_ *Stack, err error) {
	s := &Stack{cfg: cfg, Net: link.New()}
	if s.dir, err = os.MkdirTemp("", "posthaste-chaos-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, s.ends())
			s.Close()
		}
	}()
	if err := os.WriteFile(filepath.Join(s.dir, "dialects.yaml"), []byte(dialects), 0o600); err != nil {
		return nil, err
	}
	if err := s.startRedis(ctx); err != nil {
		return nil, err
	}
	if err := s.startNodes(ctx); err != nil {
		return nil, err
	}
	if err := s.startServices(ctx); err != nil {
		return nil, err
	}
	if err := s.AwaitReady(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Stack) startServices(ctx context.Context) (err error) {
	if s.Control, s.API, err = s.addServer(ctx, "control"); err != nil {
		return err
	}
	// One makes the streams, which a cluster does faster than for all at once.
	if err := s.await(ctx, "control", s.Control.Ready); err != nil {
		return err
	}
	if s.Ingest, s.Events, err = s.addServer(ctx, "ingest"); err != nil {
		return err
	}
	for i := range s.cfg.Routers {
		r, err := s.newService(ctx, "router", "-"+strconv.Itoa(i))
		if err != nil {
			return err
		}
		s.Routers = append(s.Routers, r)
		if err := r.Start(); err != nil {
			return err
		}
	}
	for range s.cfg.Dispatchers {
		if _, err := s.AddDispatcher(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stack) addServer(ctx context.Context, command string) (*Service, string, error) {
	addr, err := FreeAddr(ctx)
	if err != nil {
		return nil, "", err
	}
	service, err := s.newService(ctx, command, "", "POSTHASTE_ADDR="+addr)
	if err != nil {
		return nil, "", err
	}
	err = service.Start()
	return service, "http://" + addr, err
}

// AddDispatcher starts one more. It does not wait for it.
func (s *Stack) AddDispatcher(ctx context.Context) (*Service, error) {
	d, err := s.newService(ctx, "dispatcher", "-"+strconv.Itoa(s.dispatcherNo))
	if err != nil {
		return nil, err
	}
	s.dispatcherNo++
	s.Dispatchers = append(s.Dispatchers, d)
	err = d.Start()
	return d, err
}

// Services are all of Posthaste's.
func (s *Stack) Services() []*Service {
	return append(append([]*Service{s.Control, s.Ingest}, s.Routers...), s.Dispatchers...)
}

// Open makes a link to an address outside of the stack.
func (s *Stack) Open(ctx context.Context, name, to string) (*link.Link, error) {
	return s.open(ctx, name, to)
}

// patience is how long a process may take until it is ready.
const patience = 60 * time.Second

// AwaitReady returns when all services are.
func (s *Stack) AwaitReady(ctx context.Context) error {
	for _, service := range s.Services() {
		if err := s.await(ctx, service.Name, service.Ready); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stack) await(ctx context.Context, name string, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", name, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Fell tells which processes ended by themselves, and how often.
func (s *Stack) Fell() map[string]int {
	fell := make(map[string]int)
	for _, p := range s.processes() {
		if n := p.Fell(); n > 0 {
			fell[p.Name] = n
		}
	}
	return fell
}

func (s *Stack) processes() []*Process {
	var all []*Process
	for _, service := range s.Services() {
		if service != nil {
			all = append(all, service.Process)
		}
	}
	for _, n := range s.Nodes {
		if n.Process != nil {
			all = append(all, n.Process)
		}
	}
	if s.Redis != nil {
		all = append(all, s.Redis.Process)
	}
	return all
}

func (s *Stack) process(name, path string, env []string, args ...string) *Process {
	return &Process{Name: name, path: path, args: args, env: env, log: filepath.Join(s.dir, name+".log")}
}

// Keep copies the logs into a directory.
func (s *Stack) Keep(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	for _, p := range s.processes() {
		text, err := os.ReadFile(p.log)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, p.Name+".log"), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// ends are the last lines of all logs.
func (s *Stack) ends() string {
	const most = 600 // bytes
	all := ""
	for _, p := range s.processes() {
		text, _ := os.ReadFile(p.log)
		all += fmt.Sprintf("%s: …%s\n", p.Name, text[max(0, len(text)-most):])
	}
	return all
}

// Close kills everything: what matters has been looked at.
func (s *Stack) Close() {
	for _, p := range s.processes() {
		p.Kill()
	}
	s.Net.Close()
	for _, n := range s.Nodes {
		if n.disk != nil {
			_ = n.disk.unmount()
		}
	}
	_ = os.RemoveAll(s.dir)
}

func dial(ctx context.Context, addr string) error {
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return c.Close()
}
